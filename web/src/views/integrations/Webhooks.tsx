import type { CreatedWebhook, WebhookEvent, Webhook } from '@chatcluster/protocol';
import { useCallback, useState } from 'react';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { Field } from '../ui/Field.tsx';
import { Modal } from '../ui/Modal.tsx';
import { Deliveries } from './Deliveries.tsx';
import { EventChoice, eventNames } from './EventChoice.tsx';
import { ShownOnce } from './ShownOnce.tsx';
import { useList } from './use-list.ts';
import { ActionError } from '../ui/ActionError.tsx';

type Make = (make: () => Promise<CreatedWebhook>) => void;

/** The webhooks of a conversation, with what could not be delivered. */
export function Webhooks({ conversationId, onClose }: { conversationId: string; onClose: () => void }) {
  const { t } = useText();
  const { integrations } = useModel();
  const load = useCallback(() => integrations.webhooks(conversationId), [integrations, conversationId]);
  const { items, error, isBusy, run } = useList(load);
  const [made, setMade] = useState<CreatedWebhook>();
  const make: Make = (create) => run(async () => setMade(await create()));
  return (
    <Modal title={t('webhooks')} onClose={onClose}>
      <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto px-5 pb-5">
        <p className="text-base text-n11">{t('webhooksLead')}</p>
        {made && <Made webhook={made} />}
        <NewIncoming conversationId={conversationId} isBusy={isBusy} make={make} />
        <NewOutgoing conversationId={conversationId} isBusy={isBusy} make={make} />
        <ActionError error={error} />
        {items?.length === 0 && <p className="py-2 text-center text-base text-n11">{t('webhookNone')}</p>}
        <ul className="flex flex-col gap-3">
          {items?.map((webhook) => (
            <WebhookItem key={webhook.id} conversationId={conversationId} webhook={webhook} run={run} />
          ))}
        </ul>
      </div>
    </Modal>
  );
}

function Made({ webhook }: { webhook: CreatedWebhook }) {
  const { t } = useText();
  const isIncoming = webhook.kind === 'incoming';
  const value = (isIncoming ? webhook.url : webhook.secret) ?? '';
  return <ShownOnce label={t(isIncoming ? 'webhookAddress' : 'webhookSecret')} value={value} testId="webhook-once" />;
}

type NewProps = { conversationId: string; isBusy: boolean; make: Make };

function NewIncoming({ conversationId, isBusy, make }: NewProps) {
  const { t } = useText();
  const { integrations } = useModel();
  const [name, setName] = useState('');
  return (
    <div className="flex items-end gap-2">
      <Field
        className="min-w-0 flex-1"
        label={t('webhookIncoming')}
        placeholder={t('webhookName')}
        maxLength={80}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      <Button
        look="secondary"
        data-testid="make-incoming"
        className="sm:h-10"
        isBusy={isBusy}
        onClick={() => make(() => integrations.makeIncoming(conversationId, name.trim()))}
      >
        {t('webhookMakeIncoming')}
      </Button>
    </div>
  );
}

function NewOutgoing({ conversationId, isBusy, make }: NewProps) {
  const { t } = useText();
  const { integrations } = useModel();
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<WebhookEvent[]>(['message']);
  const isGood = /^https?:\/\/./.test(url.trim());
  return (
    <div className="flex flex-col gap-2">
      <Field
        label={t('webhookOutgoing')}
        type="url"
        data-testid="outgoing-url"
        placeholder={t('webhookUrl')}
        value={url}
        onChange={(e) => setUrl(e.target.value)}
      />
      {url.trim() !== '' && <EventChoice chosen={events} onChange={setEvents} />}
      <Button
        look="secondary"
        data-testid="make-outgoing"
        className="self-end"
        isBusy={isBusy}
        disabled={!isGood || events.length === 0}
        onClick={() => make(() => integrations.makeOutgoing(conversationId, url.trim(), events))}
      >
        {t('webhookMakeOutgoing')}
      </Button>
    </div>
  );
}

type ItemProps = { conversationId: string; webhook: Webhook; run: (change: () => Promise<unknown>) => void };

function WebhookItem({ conversationId, webhook, run }: ItemProps) {
  const { t } = useText();
  const { integrations } = useModel();
  const { id, kind, name, url, events, disabledAt } = webhook;
  const [isAsking, setAsking] = useState(false);
  const isOff = disabledAt !== undefined;
  return (
    <li data-testid="webhook" className="rounded-md p-3 ring-1 ring-n6 ring-inset">
      <p className="truncate text-base font-medium text-n12">{name}</p>
      <p className="truncate text-sm text-n11">{kind === 'outgoing' ? url : t('webhookIncoming')}</p>
      {kind === 'outgoing' && <p className="text-sm text-n11">{events.map((event) => t(eventNames[event])).join(', ')}</p>}
      {isOff && <p className="text-sm text-danger">{t('webhookOff')}</p>}
      <div className="mt-1 -ml-3 flex flex-wrap">
        {kind === 'outgoing' && (
          <Button look="ghost" onClick={() => run(() => integrations.enableWebhook(conversationId, id, isOff))}>
            {t(isOff ? 'webhookEnable' : 'webhookDisable')}
          </Button>
        )}
        <Button look="ghost" data-testid="remove-webhook" className="text-danger!" onClick={() => setAsking(true)}>
          {t('webhookRemove')}
        </Button>
      </div>
      {kind === 'outgoing' && <Deliveries conversationId={conversationId} webhookId={id} isOff={isOff} />}
      {isAsking && (
        <Confirm
          title={t('webhookRemoveTitle')}
          lead={t('webhookRemoveLead')}
          action={t('webhookRemove')}
          onConfirm={async () => run(() => integrations.removeWebhook(conversationId, id))}
          onClose={() => setAsking(false)}
        />
      )}
    </li>
  );
}

import type { Invite } from '@chatcluster/protocol';
import { useCallback, useState } from 'react';
import { fullTime } from '../../state/format.ts';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Modal } from '../ui/Modal.tsx';
import { CopyField } from './CopyField.tsx';
import { useList } from './use-list.ts';
import { ActionError } from '../ui/ActionError.tsx';

const DAY = 86_400;
const lifetimes = { [DAY]: 'inviteDay', [7 * DAY]: 'inviteWeek', [30 * DAY]: 'inviteMonth' } as const;
const uses = [1, 5, 25, 100];
const box = 'h-11 rounded-md bg-n1 px-2 text-base text-n12 ring-1 ring-n7 ring-inset sm:h-9';

/** The links of a conversation: made, copied, revoked. */
export function Invites({ conversationId, onClose }: { conversationId: string; onClose: () => void }) {
  const { t } = useText();
  const { integrations } = useModel();
  const load = useCallback(() => integrations.invites(conversationId), [integrations, conversationId]);
  const { items, error, isBusy, run } = useList(load);
  const [expiresIn, setExpiresIn] = useState(7 * DAY);
  const [maxUses, setMaxUses] = useState(0);
  return (
    <Modal title={t('inviteLinks')} onClose={onClose}>
      <div className="flex min-h-0 flex-1 flex-col gap-3 overflow-y-auto px-5 pb-5">
        <p className="text-base text-n11">{t('inviteLead')}</p>
        <div className="flex flex-wrap items-end gap-3">
          <label className="flex flex-col gap-1 text-sm text-n11">
            {t('inviteExpires')}
            <select className={box} value={expiresIn} onChange={(event) => setExpiresIn(Number(event.target.value))}>
              {Object.entries(lifetimes).map(([seconds, name]) => (
                <option key={seconds} value={seconds}>
                  {t(name)}
                </option>
              ))}
            </select>
          </label>
          <label className="flex flex-col gap-1 text-sm text-n11">
            {t('inviteUses')}
            <select className={box} value={maxUses} onChange={(event) => setMaxUses(Number(event.target.value))}>
              <option value={0}>{t('inviteUnlimited')}</option>
              {uses.map((count) => (
                <option key={count} value={count}>
                  {t('inviteUsesCount', { count })}
                </option>
              ))}
            </select>
          </label>
          <Button
            data-testid="make-invite"
            isBusy={isBusy}
            onClick={() => run(() => integrations.makeInvite(conversationId, expiresIn, maxUses || undefined))}
          >
            {t('inviteMake')}
          </Button>
        </div>
        <ActionError error={error} />
        {items?.length === 0 && <p className="py-4 text-center text-base text-n11">{t('inviteNone')}</p>}
        <ul className="flex flex-col gap-4">
          {items?.map((invite) => (
            <InviteItem
              key={invite.code}
              invite={invite}
              onRevoke={() => run(() => integrations.revokeInvite(conversationId, invite.code))}
            />
          ))}
        </ul>
      </div>
    </Modal>
  );
}

function InviteItem({ invite, onRevoke }: { invite: Invite; onRevoke: () => void }) {
  const { t, language } = useText();
  const date = fullTime(invite.expiresAt, language);
  const { uses: used, maxUses } = invite;
  return (
    <li data-testid="invite" className="flex flex-col gap-1">
      <CopyField label={t('inviteLinks')} value={invite.url} testId="invite-url" />
      <span className="flex items-center justify-between text-sm text-n11">
        {maxUses === undefined ? t('inviteUsed', { uses: used, date }) : t('inviteUsedOf', { uses: used, max: maxUses, date })}
        <Button look="ghost" data-testid="revoke-invite" className="text-danger!" onClick={onRevoke}>
          {t('inviteRevoke')}
        </Button>
      </span>
    </li>
  );
}

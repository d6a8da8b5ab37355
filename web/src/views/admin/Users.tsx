import type { AdminUser } from '@chatcluster/protocol';
import { Ban, RotateCcw, ShieldMinus, ShieldPlus } from 'lucide-react';
import { type FormEvent, useCallback, useState } from 'react';
import { shortTime } from '../../state/format.ts';
import { useChat, useModel, useText } from '../app/context.tsx';
import { useAction } from '../dialogs/lookup.ts';
import { Button } from '../ui/Button.tsx';
import { Field, SearchField } from '../ui/Field.tsx';
import { Modal } from '../ui/Modal.tsx';
import { List, RowText } from './List.tsx';
import { usePages } from './pages.ts';
import { ActionError } from '../ui/ActionError.tsx';

export function Users() {
  const { t } = useText();
  const { client, notify } = useModel();
  const [q, setQuery] = useState('');
  const [suspending, setSuspending] = useState<AdminUser>();
  const pages = usePages<AdminUser>(useCallback((cursor) => client.rest.admin.users({ q, cursor }), [client, q]));
  const change = (user: AdminUser, body: { suspended?: boolean; admin?: boolean }) =>
    client.rest.admin.updateUser(user.id, body).then(pages.replace, () => notify('actionFailed'));
  return (
    <div className="max-w-[860px]">
      <SearchField label={t('filterUsers')} data-testid="admin-user-filter" value={q} onChange={(event) => setQuery(event.target.value)} />
      <List pages={pages} testId="admin-user-list">
        {(user) => <UserRow user={user} onSuspend={() => setSuspending(user)} onChange={(body) => void change(user, body)} />}
      </List>
      {suspending && <Suspend user={suspending} onClose={() => setSuspending(undefined)} onDone={pages.replace} />}
    </div>
  );
}

type RowProps = { user: AdminUser; onSuspend: () => void; onChange: (body: { suspended?: boolean; admin?: boolean }) => void };

function UserRow({ user, onSuspend, onChange }: RowProps) {
  const { t, language } = useText();
  const isMe = useChat((client) => client.me()?.id === user.id);
  const tags = [user.suspendedAt && t('suspended'), user.admin && t('administrator'), user.guest && t('guestTag')].filter((tag) => !!tag);
  const icon = 'size-4';
  return (
    <>
      <RowText title={user.displayName} tags={tags as string[]}>
        {[user.email, t('sessionsCount', { count: user.sessions }), shortTime(user.createdAt, language)].filter(Boolean).join(' · ')}
      </RowText>
      {!isMe && !user.guest && (
        <Button look="ghost" onClick={() => onChange({ admin: !user.admin })}>
          {user.admin ? <ShieldMinus className={icon} /> : <ShieldPlus className={icon} />}
          {t(user.admin ? 'dropAdmin' : 'makeAdmin')}
        </Button>
      )}
      {!isMe && user.suspendedAt && (
        <Button look="secondary" data-testid="unsuspend" onClick={() => onChange({ suspended: false })}>
          <RotateCcw className={icon} />
          {t('unsuspend')}
        </Button>
      )}
      {!isMe && !user.suspendedAt && (
        <Button look="secondary" data-testid="suspend" onClick={onSuspend}>
          <Ban className={icon} />
          {t('suspend')}
        </Button>
      )}
    </>
  );
}

function Suspend({ user, onClose, onDone }: { user: AdminUser; onClose: () => void; onDone: (user: AdminUser) => void }) {
  const { t } = useText();
  const { client } = useModel();
  const { isBusy, error, run } = useAction();
  const [reason, setReason] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run(async () => {
      onDone(await client.rest.admin.updateUser(user.id, { suspended: true, ...(reason.trim() && { reason: reason.trim() }) }));
      onClose();
    });
  };
  return (
    <Modal title={t('suspendName', { name: user.displayName })} onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-4 px-5 pb-5">
        <p className="text-base text-n11">{t('suspendLead')}</p>
        <Field label={t('suspendReason')} maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
        <ActionError error={error} />
        <Button type="submit" look="danger" data-testid="confirm-suspend" isBusy={isBusy}>
          {t('suspend')}
        </Button>
      </form>
    </Modal>
  );
}

import type { Role } from '@chatcluster/protocol';
import { UserMinus } from 'lucide-react';
import { useState } from 'react';
import { canRemove, rolesToGive } from '../../state/people.ts';
import { useChat, useModel, useText, useTitle, useUserName } from '../app/context.tsx';
import { useAction } from '../dialogs/lookup.ts';
import { ActionError } from '../ui/ActionError.tsx';
import { Button } from '../ui/Button.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { roleNames } from './role-names.ts';

type Props = { userId: string; conversationId: string; onClose: () => void };

/** What owners and admins of a conversation may do about one of its members. */
export function Membership({ userId, conversationId, onClose }: Props) {
  const { t } = useText();
  const { client } = useModel();
  const [asked, setAsked] = useState<'owner' | 'remove'>();
  const { isBusy, error, run } = useAction();
  const title = useTitle(conversationId);
  const name = useUserName(userId);
  const own = useChat((chat) => chat.conversation(conversationId).conversation?.me.role);
  const kind = useChat((chat) => chat.conversation(conversationId).conversation?.kind);
  const role = useChat((chat) => chat.conversation(conversationId).members.find((member) => member.userId === userId)?.role);
  if (kind === 'direct' || !own || !role || !canRemove(own, role)) return null;
  const give = (next: Role) => client.setRole(conversationId, userId, next);
  const choose = (next: Role) => (next === 'owner' ? setAsked('owner') : run(() => give(next)));
  return (
    <section className="mt-5 flex flex-col gap-2 border-t border-n6 pt-4">
      <label className="flex items-center justify-between gap-3 text-sm text-n11">
        {t('role')}
        <RoleSelect own={own} role={role} isBusy={isBusy} onChoose={choose} />
      </label>
      <ActionError error={error} />
      <Button look="ghost" data-testid="person-remove" className="justify-start! text-danger!" onClick={() => setAsked('remove')}>
        <UserMinus className="size-4 shrink-0" aria-hidden />
        <span className="truncate">{t('removeFrom', { name: title })}</span>
      </Button>
      {asked === 'owner' && (
        <Confirm
          look="primary"
          title={t('makeOwnerTitle', { name })}
          lead={t('makeOwnerLead')}
          action={t('makeOwner')}
          onConfirm={() => give('owner')}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === 'remove' && (
        <Confirm
          title={t('removeTitle', { name })}
          lead={t('removeLead')}
          action={t('removeMember')}
          onConfirm={() => client.removeMember(conversationId, userId).then(onClose)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </section>
  );
}

type SelectProps = { own: Role; role: Role; isBusy: boolean; onChoose: (role: Role) => void };

function RoleSelect({ own, role, isBusy, onChoose }: SelectProps) {
  const { t } = useText();
  const roles = rolesToGive(own);
  return (
    <select
      data-testid="person-role"
      value={role}
      disabled={isBusy}
      onChange={(event) => {
        const next = roles.find((one) => one === event.target.value);
        if (next) onChoose(next);
      }}
      className="h-11 min-w-0 rounded-sm bg-n1 px-2 text-sm text-n12 ring-1 ring-n7 sm:h-8"
    >
      {roles.map((one) => (
        <option key={one} value={one}>
          {t(roleNames[one])}
        </option>
      ))}
    </select>
  );
}

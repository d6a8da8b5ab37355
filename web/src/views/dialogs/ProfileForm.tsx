import { type FormEvent, useState } from 'react';
import { useChat, useModel, useText } from '../app/context.tsx';
import { ActionError } from '../ui/ActionError.tsx';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { useAction } from './lookup.ts';

/** What others see of oneself, besides the picture. */
export function ProfileForm() {
  const { t } = useText();
  const { client } = useModel();
  const { isBusy, error, run } = useAction();
  const name = useChat((chat) => chat.me()?.displayName) ?? '';
  const status = useChat((chat) => chat.me()?.statusText) ?? '';
  const [newName, setName] = useState(name);
  const [newStatus, setStatus] = useState(status);
  const input = { displayName: newName.trim(), statusText: newStatus.trim() };
  const isChanged = input.displayName !== name || input.statusText !== status;
  const save = (event: FormEvent) => {
    event.preventDefault();
    run(() => client.account.updateProfile(input));
  };
  return (
    <form onSubmit={save} className="flex flex-col gap-3">
      <Field
        label={t('displayName')}
        data-testid="profile-name"
        required
        maxLength={80}
        value={newName}
        onChange={(event) => setName(event.target.value)}
      />
      <Field
        label={t('statusText')}
        data-testid="profile-status"
        placeholder={t('statusTextHint')}
        maxLength={140}
        value={newStatus}
        onChange={(event) => setStatus(event.target.value)}
      />
      <ActionError error={error} />
      {(isChanged || isBusy) && (
        <Button type="submit" data-testid="profile-save" isBusy={isBusy} disabled={input.displayName === ''}>
          {t('save')}
        </Button>
      )}
    </form>
  );
}

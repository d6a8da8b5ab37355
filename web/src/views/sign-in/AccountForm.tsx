import { type FormEvent, useState } from 'react';
import { signInWords } from '../../state/account.ts';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { useAttempt } from './attempt.ts';
import { Failure } from './Frame.tsx';

interface Props {
  isNew: boolean;
  /** The password was right, and a second factor is asked for. */
  onCode: (mfaToken: string) => void;
  /** A link was sent instead of an answer. */
  onMailSent: (email: string) => void;
}

export function AccountForm({ isNew, onCode, onMailSent }: Props) {
  const { t } = useText();
  const { account } = useModel();
  const { isBusy, error, run } = useAttempt(signInWords);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const attempt = async () => {
    if (!isNew) {
      const mfaToken = await account.login(email.trim(), password);
      if (mfaToken !== undefined) onCode(mfaToken);
    } else if (await account.register(email.trim(), password, name.trim())) onMailSent(email.trim());
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(attempt);
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {isNew && (
        <Field
          label={t('displayName')}
          data-testid="register-name"
          autoComplete="name"
          required
          maxLength={80}
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
      )}
      <Field
        label={t('email')}
        data-testid="sign-in-email"
        type="email"
        autoComplete="email"
        required
        value={email}
        onChange={(e) => setEmail(e.target.value)}
      />
      <Field
        label={t('password')}
        data-testid="sign-in-password"
        type="password"
        required
        minLength={isNew ? 8 : 1}
        autoComplete={isNew ? 'new-password' : 'current-password'}
        hint={isNew ? t('passwordHint') : undefined}
        value={password}
        onChange={(e) => setPassword(e.target.value)}
      />
      {error && <Failure text={t(error)} />}
      <Button type="submit" data-testid="sign-in-submit" isBusy={isBusy} className="h-11! w-full sm:h-10!">
        {t(isNew ? 'register' : 'signIn')}
      </Button>
    </form>
  );
}

export function GuestForm() {
  const { t } = useText();
  const { account } = useModel();
  const { isBusy, error, run } = useAttempt(signInWords);
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void run(() => account.guest(name.trim()));
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <div className="flex flex-col gap-2 sm:flex-row sm:items-end">
        <Field
          className="flex-1"
          label={t('displayName')}
          data-testid="guest-name"
          autoComplete="nickname"
          maxLength={80}
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
        <Button type="submit" look="secondary" data-testid="guest-submit" isBusy={isBusy} className="sm:h-10!">
          {t('guest')}
        </Button>
      </div>
      {error && <Failure text={t(error)} />}
    </form>
  );
}

import { type FormEvent, useState } from 'react';
import { errorText } from '../../state/account.ts';
import type { StringKey } from '../../strings.ts';
import { useModel, useText, useView } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';

/** Runs one attempt at a time and says why it failed. */
function useAttempt() {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<StringKey>();
  const run = async (attempt: () => Promise<void>) => {
    setBusy(true);
    setError(undefined);
    try {
      await attempt();
    } catch (cause) {
      setError(errorText(cause, true));
      setBusy(false);
    }
  };
  return { isBusy, error, run, clear: () => setError(undefined) };
}

export function SignIn() {
  const { t } = useText();
  const wasEnded = useView((view) => view.wasEnded);
  const [isNew, setNew] = useState(false);
  return (
    <main className="flex h-full flex-col overflow-y-auto bg-n2">
      <div className="m-auto w-full max-w-[420px] px-4 py-8">
        <div className="mb-6 flex items-center gap-3 px-1">
          <img src="/icon.svg" alt="" className="size-9" />
          <span className="text-lg font-semibold tracking-tight">{t('appName')}</span>
        </div>
        <section className="rounded-lg bg-n1 p-5 ring-1 ring-n6 sm:p-7">
          {wasEnded && (
            <p role="status" className="mb-4 rounded-md bg-warning-bg px-3 py-2 text-sm text-warning">
              {t('sessionEnded')}
            </p>
          )}
          <h1 className="text-xl font-semibold tracking-tight">{t(isNew ? 'registerTitle' : 'signInTitle')}</h1>
          <p className="mt-1 mb-5 text-base text-n10">{t(isNew ? 'registerLead' : 'signInLead')}</p>
          <AccountForm key={String(isNew)} isNew={isNew} />
          <p className="mt-4 text-center text-sm text-n10">
            {t(isNew ? 'haveAccount' : 'noAccount')}{' '}
            <button
              type="button"
              data-testid="sign-in-switch"
              onClick={() => setNew(!isNew)}
              className="rounded-sm py-1 font-medium text-a11 hover:underline"
            >
              {t(isNew ? 'signIn' : 'register')}
            </button>
          </p>
          <div className="my-5 flex items-center gap-3 text-xs text-n10">
            <span className="h-px flex-1 bg-n6" />
            {t('or')}
            <span className="h-px flex-1 bg-n6" />
          </div>
          <GuestForm />
        </section>
      </div>
    </main>
  );
}

function AccountForm({ isNew }: { isNew: boolean }) {
  const { t } = useText();
  const { account } = useModel();
  const { isBusy, error, run } = useAttempt();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run(() => (isNew ? account.register(email.trim(), password, name.trim()) : account.login(email.trim(), password)));
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

function GuestForm() {
  const { t } = useText();
  const { account } = useModel();
  const { isBusy, error, run } = useAttempt();
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run(() => account.guest(name.trim()));
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

function Failure({ text }: { text: string }) {
  return (
    <p role="alert" className="rounded-md bg-danger-bg px-3 py-2 text-sm text-danger">
      {text}
    </p>
  );
}

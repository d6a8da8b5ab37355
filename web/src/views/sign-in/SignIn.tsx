import { useEffect, useState } from 'react';
import type { SignInOptions } from '../../state/model.ts';
import type { StringKey } from '../../strings.ts';
import { useModel, useText, useView } from '../app/context.tsx';
import { AccountForm, GuestForm } from './AccountForm.tsx';
import { CodeForm, ForgotForm, MailSent } from './Steps.tsx';
import { Frame, Note, TextLink } from './Frame.tsx';

type Step = { name: 'form' } | { name: 'forgot' } | { name: 'mail-sent'; email: string } | { name: 'code'; mfaToken: string };

/** Until the server has said more, what every installation has. */
const basics: SignInOptions = { items: [], guests: true, mail: false, challenge: false };

const failures: Readonly<Record<string, StringKey>> = {
  conflict: 'failedConflict',
  forbidden: 'failedRefused',
  unavailable: 'failedAway',
};

export function SignIn() {
  const { t } = useText();
  const { account } = useModel();
  const link = useView((view) => view.link);
  const [options, setOptions] = useState(basics);
  const [step, setStep] = useState<Step>(link?.page === 'mfa' ? { name: 'code', mfaToken: link.value } : { name: 'form' });
  const [isNew, setNew] = useState(false);
  const toForm = () => setStep({ name: 'form' });
  useEffect(() => {
    let isCurrent = true;
    account.options().then(
      (found) => isCurrent && setOptions(found),
      // The server is away: signing in would say so, too.
      () => undefined,
    );
    return () => void (isCurrent = false);
  }, [account]);

  if (step.name === 'code') return <CodeForm mfaToken={step.mfaToken} onBack={toForm} />;
  if (step.name === 'forgot') return <ForgotForm onSent={(email) => setStep({ name: 'mail-sent', email })} onBack={toForm} />;
  if (step.name === 'mail-sent') return <MailSent email={step.email} onBack={toForm} />;
  return (
    <Frame title={t(isNew ? 'registerTitle' : 'signInTitle')} lead={t(isNew ? 'registerLead' : 'signInLead')}>
      <WhyHere />
      <AccountForm
        key={String(isNew)}
        isNew={isNew}
        onCode={(mfaToken) => setStep({ name: 'code', mfaToken })}
        onMailSent={(email) => setStep({ name: 'mail-sent', email })}
      />
      {options.mail && !isNew && (
        <p className="mt-2 text-center">
          <TextLink testId="forgot-password" onClick={() => setStep({ name: 'forgot' })}>
            {t('forgotPassword')}
          </TextLink>
        </p>
      )}
      <p className="mt-3 text-center text-sm text-n10">
        {t(isNew ? 'haveAccount' : 'noAccount')}{' '}
        <TextLink testId="sign-in-switch" onClick={() => setNew(!isNew)}>
          {t(isNew ? 'signIn' : 'register')}
        </TextLink>
      </p>
      {(options.guests || options.items.length > 0) && <Or />}
      <Providers items={options.items} />
      {options.guests && <GuestForm />}
    </Frame>
  );
}

/** Why one is here and not in the app. */
function WhyHere() {
  const { t } = useText();
  const wasEnded = useView((view) => view.wasEnded);
  const link = useView((view) => view.link);
  if (link?.page === 'failed') return <Note text={t(failures[link.value] ?? 'failedOther')} />;
  return wasEnded ? <Note text={t('sessionEnded')} /> : null;
}

function Or() {
  const { t } = useText();
  return (
    <div className="my-5 flex items-center gap-3 text-xs text-n10">
      <span className="h-px flex-1 bg-n6" />
      {t('or')}
      <span className="h-px flex-1 bg-n6" />
    </div>
  );
}

/** Plain links: the browser leaves the page for the provider. */
function Providers({ items }: Pick<SignInOptions, 'items'>) {
  const { t } = useText();
  const returnTo = location.hash.startsWith('#/c/') ? `?returnTo=${encodeURIComponent(`/${location.hash}`)}` : '';
  if (items.length === 0) return null;
  return (
    <ul className="mb-4 flex flex-col gap-2">
      {items.map(({ name, label, startUrl }) => (
        <li key={name}>
          <a
            href={startUrl + returnTo}
            data-testid={`provider-${name}`}
            className="flex h-11 items-center justify-center rounded-md bg-n1 px-3 text-base font-medium text-n12 ring-1 ring-n7 ring-inset hover:bg-n3 sm:h-10"
          >
            {t('continueWith', { name: label })}
          </a>
        </li>
      ))}
    </ul>
  );
}

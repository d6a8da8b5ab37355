import { type FormEvent, type ReactNode, useState } from 'react';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { useAttempt } from './attempt.ts';
import { Failure, Frame, TextLink } from './Frame.tsx';

type FormProps = { onSubmit: () => void; error?: string; children: ReactNode; action: string; isBusy: boolean; onBack?: () => void };

/** One thing to fill in, one button, and the way back. */
export function StepForm({ onSubmit, error, children, action, isBusy, onBack }: FormProps) {
  const { t } = useText();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {children}
      {error && <Failure text={error} />}
      <Button type="submit" data-testid="step-submit" isBusy={isBusy} className="h-11! w-full sm:h-10!">
        {action}
      </Button>
      {onBack && (
        <p className="text-center">
          <TextLink testId="step-back" onClick={onBack}>
            {t('backToSignIn')}
          </TextLink>
        </p>
      )}
    </form>
  );
}

/** The second factor, after the password or an identity provider. */
export function CodeForm({ mfaToken, onBack }: { mfaToken: string; onBack: () => void }) {
  const { t } = useText();
  const { account, set } = useModel();
  const { isBusy, error, run } = useAttempt({ forbidden: 'codeWrong', unauthenticated: 'codeLate' });
  const [code, setCode] = useState('');
  const back = () => {
    set({ link: undefined });
    onBack();
  };
  return (
    <Frame title={t('codeTitle')} lead={t('codeLead')}>
      <StepForm
        action={t('signIn')}
        isBusy={isBusy}
        error={error && t(error)}
        onSubmit={() => void run(() => account.verifyCode(mfaToken, code.trim()))}
        onBack={back}
      >
        <Field
          label={t('code')}
          data-testid="mfa-code"
          autoComplete="one-time-code"
          autoCapitalize="none"
          required
          maxLength={64}
          value={code}
          onChange={(e) => setCode(e.target.value)}
        />
      </StepForm>
    </Frame>
  );
}

export function ForgotForm({ onSent, onBack }: { onSent: (email: string) => void; onBack: () => void }) {
  const { t } = useText();
  const { account } = useModel();
  const { isBusy, error, run } = useAttempt();
  const [email, setEmail] = useState('');
  const send = async () => {
    await account.forgotPassword(email.trim());
    onSent(email.trim());
  };
  return (
    <Frame title={t('forgotTitle')} lead={t('forgotLead')}>
      <StepForm action={t('sendLink')} isBusy={isBusy} error={error && t(error)} onSubmit={() => void run(send)} onBack={onBack}>
        <Field
          label={t('email')}
          data-testid="forgot-email"
          type="email"
          autoComplete="email"
          required
          value={email}
          onChange={(e) => setEmail(e.target.value)}
        />
      </StepForm>
    </Frame>
  );
}

/** The same whether the address is known or not. */
export function MailSent({ email, onBack }: { email: string; onBack: () => void }) {
  const { t } = useText();
  return (
    <Frame title={t('mailSentTitle')} lead={t('mailSentLead', { email })}>
      <Button look="secondary" data-testid="step-back" onClick={onBack} className="h-11! w-full sm:h-10!">
        {t('backToSignIn')}
      </Button>
    </Frame>
  );
}

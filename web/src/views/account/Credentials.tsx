import { useState } from 'react';
import { useChat, useModel, useText } from '../app/context.tsx';
import { useAttempt } from '../sign-in/attempt.ts';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { Done, Section, SectionForm } from './Section.tsx';

const words = { forbidden: 'passwordWrong', conflict: 'emailTaken' } as const;

/** A guest makes the account one of their own. */
export function Upgrade() {
  const { t } = useText();
  const { security } = useModel();
  const { isBusy, error, run } = useAttempt(words);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [sentTo, setSentTo] = useState<string>();
  const upgrade = async () => {
    if (await security.upgrade(email.trim(), password)) setSentTo(email.trim());
  };
  return (
    <Section title={t('upgradeTitle')} lead={t('upgradeLead')}>
      {sentTo ? (
        <Done text={t('mailSentLead', { email: sentTo })} />
      ) : (
        <SectionForm
          testId="upgrade-submit"
          action={t('upgradeAction')}
          isBusy={isBusy}
          error={error && t(error)}
          onSubmit={() => void run(upgrade)}
        >
          <EmailField label={t('email')} value={email} onChange={setEmail} testId="upgrade-email" />
          <PasswordField label={t('password')} value={password} onChange={setPassword} testId="upgrade-password" isNew />
        </SectionForm>
      )}
    </Section>
  );
}

export function Email({ hasPassword }: { hasPassword: boolean }) {
  const { t } = useText();
  const { security } = useModel();
  const me = useChat((client) => client.me());
  const { isBusy, error, run } = useAttempt(words);
  const [isOpen, setOpen] = useState(false);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [sentTo, setSentTo] = useState<string>();
  const change = async () => {
    const isSent = await security.changeEmail(email.trim(), password);
    setSentTo(isSent ? email.trim() : undefined);
    setOpen(false);
    setPassword('');
  };
  return (
    <Section title={t('emailTitle')}>
      {!isOpen && (
        <div className="flex flex-wrap items-center justify-between gap-2">
          <p className="min-w-0 truncate text-base">
            {me?.email ?? '–'}{' '}
            {me?.email && <span className="text-sm text-n10">· {t(me.emailVerified ? 'emailVerified' : 'emailUnverified')}</span>}
          </p>
          <Button look="secondary" data-testid="email-change" onClick={() => setOpen(true)}>
            {t('emailChange')}
          </Button>
        </div>
      )}
      {sentTo && <Done text={t('mailSentLead', { email: sentTo })} />}
      {isOpen && (
        <SectionForm
          testId="email-submit"
          action={t('emailChange')}
          isBusy={isBusy}
          error={error && t(error)}
          onSubmit={() => void run(change)}
          onCancel={() => setOpen(false)}
        >
          <EmailField label={t('emailNew')} value={email} onChange={setEmail} testId="email-new" />
          {hasPassword && <PasswordField label={t('passwordCurrent')} value={password} onChange={setPassword} testId="email-password" />}
        </SectionForm>
      )}
    </Section>
  );
}

export function Password() {
  const { t } = useText();
  const { security } = useModel();
  const { isBusy, error, run } = useAttempt(words);
  const [isOpen, setOpen] = useState(false);
  const [isDone, setDone] = useState(false);
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = async () => {
    await security.changePassword(current, next);
    setDone(true);
    setOpen(false);
    setCurrent('');
    setNext('');
  };
  return (
    <Section title={t('passwordTitle')}>
      {isDone && <Done text={t('passwordChanged')} />}
      {isOpen ? (
        <SectionForm
          testId="password-submit"
          action={t('passwordChange')}
          isBusy={isBusy}
          error={error && t(error)}
          onSubmit={() => void run(change)}
          onCancel={() => setOpen(false)}
        >
          <PasswordField label={t('passwordCurrent')} value={current} onChange={setCurrent} testId="password-current" />
          <PasswordField label={t('newPassword')} value={next} onChange={setNext} testId="password-new" isNew />
        </SectionForm>
      ) : (
        <Button look="secondary" data-testid="password-change" className="self-start" onClick={() => setOpen(true)}>
          {t('passwordChange')}
        </Button>
      )}
    </Section>
  );
}

type TextProps = { label: string; value: string; onChange: (value: string) => void; testId: string };

function EmailField({ label, value, onChange, testId }: TextProps) {
  return (
    <Field
      label={label}
      data-testid={testId}
      type="email"
      autoComplete="email"
      required
      value={value}
      onChange={(e) => onChange(e.target.value)}
    />
  );
}

export function PasswordField({ label, value, onChange, testId, isNew = false }: TextProps & { isNew?: boolean }) {
  const { t } = useText();
  return (
    <Field
      label={label}
      data-testid={testId}
      type="password"
      autoComplete={isNew ? 'new-password' : 'current-password'}
      required
      minLength={isNew ? 8 : 1}
      hint={isNew ? t('passwordHint') : undefined}
      value={value}
      onChange={(e) => onChange(e.target.value)}
    />
  );
}

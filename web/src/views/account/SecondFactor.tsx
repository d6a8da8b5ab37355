import { useState } from 'react';
import type { SignInMethods } from '../../state/security.ts';
import { useModel, useText } from '../app/context.tsx';
import { useAttempt } from '../sign-in/attempt.ts';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { PasswordField } from './Credentials.tsx';
import { QrCode } from './QrCode.tsx';
import { Section, SectionForm } from './Section.tsx';

type Step = { name: 'rest' } | { name: 'prove' } | { name: 'scan'; secret: string; uri: string } | { name: 'keep'; codes: string[] };

/** Switching the second factor on (password, QR code, code, recovery codes) and off. */
export function SecondFactor({ methods, onChange }: { methods: SignInMethods; onChange: () => void }) {
  const { t } = useText();
  const [step, setStep] = useState<Step>({ name: 'rest' });
  const rest = () => setStep({ name: 'rest' });
  return (
    <Section title={t('totpTitle')} lead={methods.totp ? t('totpOn', { count: methods.recoveryCodesLeft }) : t('totpLead')}>
      {step.name === 'rest' && (
        <Button
          look="secondary"
          data-testid={methods.totp ? 'totp-off' : 'totp-on'}
          className="self-start"
          onClick={() => setStep({ name: 'prove' })}
        >
          {t(methods.totp ? 'totpTurnOff' : 'totpTurnOn')}
        </Button>
      )}
      {step.name === 'prove' && (
        <Prove
          methods={methods}
          onCancel={rest}
          onBegun={(begun) => setStep({ name: 'scan', ...begun })}
          onRemoved={() => {
            rest();
            onChange();
          }}
        />
      )}
      {step.name === 'scan' && <Scan {...step} onCancel={rest} onOn={(codes) => setStep({ name: 'keep', codes })} />}
      {step.name === 'keep' && (
        <Keep
          codes={step.codes}
          onDone={() => {
            rest();
            onChange();
          }}
        />
      )}
    </Section>
  );
}

interface ProveProps {
  methods: SignInMethods;
  onCancel: () => void;
  onBegun: (begun: { secret: string; uri: string }) => void;
  onRemoved: () => void;
}

/** Whoever finds an open laptop must not take the account over: the password, or without one a code, is asked for. */
function Prove({ methods, onCancel, onBegun, onRemoved }: ProveProps) {
  const { t } = useText();
  const { security } = useModel();
  const { isBusy, error, run } = useAttempt({ forbidden: methods.password ? 'passwordWrong' : 'codeWrong' });
  const [proof, setProof] = useState('');
  const goOn = async () => {
    if (!methods.totp) return onBegun(await security.setUpTotp(proof));
    await security.removeTotp(methods.password ? { password: proof } : { code: proof });
    return onRemoved();
  };
  return (
    <SectionForm
      testId="totp-prove"
      action={t(methods.totp ? 'totpTurnOff' : 'goOn')}
      isBusy={isBusy}
      error={error && t(error)}
      onSubmit={() => void run(goOn)}
      onCancel={onCancel}
    >
      {methods.password && <PasswordField label={t('passwordCurrent')} value={proof} onChange={setProof} testId="totp-password" />}
      {!methods.password && methods.totp && <CodeField value={proof} onChange={setProof} />}
    </SectionForm>
  );
}

interface ScanProps {
  secret: string;
  uri: string;
  onCancel: () => void;
  onOn: (codes: string[]) => void;
}

function Scan({ secret, uri, onCancel, onOn }: ScanProps) {
  const { t } = useText();
  const { security } = useModel();
  const { isBusy, error, run } = useAttempt({ invalid: 'codeWrong' });
  const [code, setCode] = useState('');
  return (
    <SectionForm
      testId="totp-confirm"
      action={t('totpConfirm')}
      isBusy={isBusy}
      error={error && t(error)}
      onSubmit={() => void run(async () => onOn(await security.confirmTotp(code.trim())))}
      onCancel={onCancel}
    >
      <p className="text-sm">{t('totpScan')}</p>
      <QrCode text={uri} label={t('totpQr')} />
      <p className="text-sm text-n10">
        {t('totpTyping')}{' '}
        <code data-testid="totp-secret" className="font-mono break-all text-n12">
          {secret}
        </code>
      </p>
      <CodeField value={code} onChange={setCode} />
    </SectionForm>
  );
}

function CodeField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useText();
  return (
    <Field
      label={t('code')}
      data-testid="totp-code"
      inputMode="numeric"
      autoComplete="one-time-code"
      required
      maxLength={64}
      value={value}
      onChange={(e) => onChange(e.target.value)}
    />
  );
}

function Keep({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const { t } = useText();
  const [isCopied, setCopied] = useState(false);
  const copy = () =>
    void navigator.clipboard?.writeText(codes.join('\n')).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  return (
    <div className="flex flex-col gap-3 rounded-md bg-n3 p-3">
      <p className="text-sm font-medium">{t('recoveryTitle')}</p>
      <p className="text-sm text-n11">{t('recoveryLead')}</p>
      <ul data-testid="recovery-codes" className="grid gap-x-4 gap-y-1 font-mono text-sm min-[360px]:grid-cols-2">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex flex-wrap justify-end gap-2">
        <Button look="secondary" onClick={copy}>
          {t(isCopied ? 'recoveryCopied' : 'recoveryCopy')}
        </Button>
        <Button data-testid="recovery-kept" onClick={onDone}>
          {t('recoveryDone')}
        </Button>
      </div>
    </div>
  );
}

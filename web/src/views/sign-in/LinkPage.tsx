import { useState } from 'react';
import type { AuthLink } from '../../state/auth-link.ts';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { Field } from '../ui/Field.tsx';
import { useAttempt } from './attempt.ts';
import { Frame } from './Frame.tsx';
import { StepForm } from './Steps.tsx';

const words = { invalid: 'linkBad', conflict: 'emailTaken' } as const;

/** Where the links of mails lead. Nothing happens without a click: mail scanners open links, too. */
export function LinkPage({ link }: { link: AuthLink }) {
  return link.page === 'reset' ? <Reset token={link.value} /> : <Verify token={link.value} />;
}

function Verify({ token }: { token: string }) {
  const { t } = useText();
  const { account, set } = useModel();
  const { isBusy, error, run } = useAttempt(words);
  const [changed, setChanged] = useState<string>();
  const leave = () => set({ link: undefined });
  if (changed !== undefined) {
    return (
      <Frame title={t('verifiedTitle')} lead={t('verifiedLead', { email: changed })}>
        <Button data-testid="link-done" onClick={leave} className="h-11! w-full sm:h-10!">
          {t('goOn')}
        </Button>
      </Frame>
    );
  }
  return (
    <Frame title={t('verifyTitle')} lead={t('verifyLead')}>
      <StepForm
        action={t('verifyAction')}
        isBusy={isBusy}
        error={error && t(error)}
        onSubmit={() => void run(async () => setChanged(await account.verifyEmail(token)))}
        onBack={error && leave}
      >
        {null}
      </StepForm>
    </Frame>
  );
}

function Reset({ token }: { token: string }) {
  const { t } = useText();
  const { account, set } = useModel();
  const { isBusy, error, run } = useAttempt(words);
  const [password, setPassword] = useState('');
  const [isDone, setDone] = useState(false);
  const leave = () => set({ link: undefined });
  const save = async () => {
    await account.resetPassword(token, password);
    setDone(true);
  };
  if (isDone) {
    return (
      <Frame title={t('resetTitle')} lead={t('resetDone')}>
        <Button data-testid="link-done" onClick={leave} className="h-11! w-full sm:h-10!">
          {t('goOn')}
        </Button>
      </Frame>
    );
  }
  return (
    <Frame title={t('resetTitle')} lead={t('resetLead')}>
      <StepForm action={t('resetAction')} isBusy={isBusy} error={error && t(error)} onSubmit={() => void run(save)} onBack={error && leave}>
        <Field
          label={t('newPassword')}
          data-testid="reset-password"
          type="password"
          autoComplete="new-password"
          required
          minLength={8}
          hint={t('passwordHint')}
          value={password}
          onChange={(e) => setPassword(e.target.value)}
        />
      </StepForm>
    </Frame>
  );
}

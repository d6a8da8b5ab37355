import type { RetentionSettings } from '@chatcluster/protocol';
import { useEffect, useState } from 'react';
import { errorText } from '../../state/account.ts';
import type { StringKey } from '../../strings.ts';
import { useModel, useText } from '../app/context.tsx';
import { useAction } from '../dialogs/lookup.ts';
import { Button } from '../ui/Button.tsx';
import { DaysSelect, daysText } from './DaysSelect.tsx';
import { type Effect, RetentionReview } from './RetentionReview.tsx';
import { RetentionRules } from './RetentionRules.tsx';
import { ActionError } from '../ui/ActionError.tsx';

/** What an administrator chose; null: as the installation was set up. */
type Choice = { messagesDays: number | null; auditDays: number | null };

/** How long messages and the audit log are kept, for all conversations and for single ones. */
export function Retention() {
  const { t } = useText();
  const { admin } = useModel().client.rest;
  const [settings, setSettings] = useState<RetentionSettings>();
  const [error, setError] = useState<StringKey>();
  useEffect(
    () =>
      void admin.retention().then(setSettings, (cause: unknown) => {
        setError(errorText(cause));
      }),
    [admin],
  );
  if (error)
    return (
      <p role="alert" className="py-6 text-base text-danger">
        {t(error)}
      </p>
    );
  if (!settings) return <div aria-busy className="skeleton h-40 max-w-[860px]" />;
  return (
    <div className="flex max-w-[860px] flex-col gap-6">
      <p className="text-base text-n11">
        {t('retentionLead')} {t('retentionSweep', { count: Math.max(1, Math.round(settings.sweepSeconds / 60)) })}
      </p>
      <ForAll key={`${settings.messagesDays} ${settings.auditDays}`} settings={settings} onChange={setSettings} />
      <RetentionRules />
    </div>
  );
}

/** A stored value that equals the default looks like it: choosing either has the same effect. */
const chosen = ({ messagesDays, auditDays, defaults }: RetentionSettings): Choice => ({
  messagesDays: messagesDays === defaults.messagesDays ? null : messagesDays,
  auditDays: auditDays === defaults.auditDays ? null : auditDays,
});

function ForAll({ settings, onChange }: { settings: RetentionSettings; onChange: (settings: RetentionSettings) => void }) {
  const { t } = useText();
  const { client, notify } = useModel();
  const { admin } = client.rest;
  const { isBusy, error, run } = useAction();
  const [choice, setChoice] = useState(() => chosen(settings));
  const [effect, setEffect] = useState<Effect>();
  const { messagesDays, auditDays } = chosen(settings);
  const isSame = choice.messagesDays === messagesDays && choice.auditDays === auditDays;
  const review = async () => {
    const ask = (days: number) => (days === 0 ? undefined : admin.previewRetention(days));
    const messages = await ask(choice.messagesDays ?? settings.defaults.messagesDays);
    const audit = await ask(choice.auditDays ?? settings.defaults.auditDays);
    const { messages: count = 0, conversations = 0 } = messages ?? {};
    setEffect({ messages: count, conversations, auditLines: audit?.auditLines ?? 0 });
  };
  const apply = async () => {
    onChange(await admin.updateRetention(choice));
    notify('retentionApplied');
  };
  const select = (name: keyof Choice, label: StringKey) => (
    <DaysSelect
      label={t(label)}
      isLabelShown
      testId={name}
      value={choice[name]}
      absent={t('retentionDefault', { what: daysText(t, settings.defaults[name]) })}
      onChange={(days) => setChoice((before) => ({ ...before, [name]: days }))}
    />
  );
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-end gap-3">
        {select('messagesDays', 'retentionMessages')}
        {select('auditDays', 'retentionAudit')}
        <Button data-testid="review-retention" isBusy={isBusy} disabled={isSame} onClick={() => run(review)}>
          {t('retentionReview')}
        </Button>
      </div>
      <ActionError error={error} />
      {effect && <RetentionReview title={t('retentionTitle')} effect={effect} onConfirm={apply} onClose={() => setEffect(undefined)} />}
    </div>
  );
}

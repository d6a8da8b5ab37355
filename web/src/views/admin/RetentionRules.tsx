import type { AdminConversation, RetentionPreview } from '@chatcluster/protocol';
import { useCallback, useState } from 'react';
import { useModel, useText } from '../app/context.tsx';
import { useAction } from '../dialogs/lookup.ts';
import { SearchField } from '../ui/Field.tsx';
import { DaysSelect } from './DaysSelect.tsx';
import { List, RowText } from './List.tsx';
import { usePages } from './pages.ts';
import { RetentionReview } from './RetentionReview.tsx';
import { ActionError } from '../ui/ActionError.tsx';

type Asked = { conversation: AdminConversation; days: number | null; effect: RetentionPreview };

const nothing: RetentionPreview = { entries: 0, messages: 0, conversations: 0, auditLines: 0 };

/** Conversations that have a rule of their own; with a title typed in, those that may get one. */
export function RetentionRules() {
  const { t, language } = useText();
  const { admin } = useModel().client.rest;
  const { error, run } = useAction();
  const [q, setQuery] = useState('');
  const [asked, setAsked] = useState<Asked>();
  const text = q.trim();
  const load = useCallback(
    (cursor: string | undefined) => admin.conversations({ ...(text === '' ? { ruled: 'true' as const } : { q: text }), cursor }),
    [admin, text],
  );
  const pages = usePages<AdminConversation>(load);
  const nameOf = ({ title }: AdminConversation) => title ?? t('untitledGroup');
  const choose = (conversation: AdminConversation, days: number | null) =>
    run(async () => setAsked({ conversation, days, effect: await previewOf(conversation, days) }));
  const previewOf = async ({ id }: AdminConversation, days: number | null) => {
    const counted = days ?? (await admin.retention()).messagesDays;
    return counted === 0 ? nothing : admin.previewRetention(counted, id);
  };
  const apply = async ({ conversation: { retentionDays: _before, ...rest }, days }: Asked) => {
    await admin.setRetention(rest.id, days);
    pages.replace(days === null ? rest : { ...rest, retentionDays: days });
  };
  return (
    <section aria-labelledby="rules" className="flex flex-col gap-2">
      <h2 id="rules" className="text-base font-semibold">
        {t('retentionRules')}
      </h2>
      <p className="text-sm text-n11">{t('retentionRulesLead')}</p>
      <SearchField
        label={t('filterConversations')}
        data-testid="rule-filter"
        value={q}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ActionError error={error} />
      <List pages={pages} testId="retention-rules" empty={t(text === '' ? 'retentionNoRules' : 'nothingHere')}>
        {(one) => (
          <>
            <RowText title={nameOf(one)}>
              {t('membersEntries', { members: one.memberCount.toLocaleString(language), entries: one.lastSeq.toLocaleString(language) })}
            </RowText>
            <DaysSelect
              label={t('retentionRuleOf', { name: nameOf(one) })}
              testId="rule-days"
              value={one.retentionDays ?? null}
              absent={t('retentionUsual')}
              onChange={(days) => choose(one, days)}
            />
          </>
        )}
      </List>
      {asked && (
        <RetentionReview
          title={t('retentionRuleTitle', { name: nameOf(asked.conversation) })}
          effect={asked.effect}
          onConfirm={() => apply(asked)}
          onClose={() => setAsked(undefined)}
        />
      )}
    </section>
  );
}

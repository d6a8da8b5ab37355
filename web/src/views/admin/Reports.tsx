import type { Report, ReportStatus } from '@chatcluster/protocol';
import { useCallback, useState } from 'react';
import { shortTime } from '../../state/format.ts';
import type { StringKey } from '../../strings.ts';
import { useModel, useText, useUserName } from '../app/context.tsx';
import { useAction } from '../dialogs/lookup.ts';
import { Button } from '../ui/Button.tsx';
import { List } from './List.tsx';
import { usePages } from './pages.ts';
import { ActionError } from '../ui/ActionError.tsx';

const names = { open: 'statusOpen', resolved: 'statusResolved', dismissed: 'statusDismissed' } as const satisfies Record<
  ReportStatus,
  StringKey
>;
const states: readonly ReportStatus[] = ['open', 'resolved', 'dismissed'];

export function Reports() {
  const { t } = useText();
  const { client } = useModel();
  const [status, setStatus] = useState<ReportStatus | undefined>('open');
  const pages = usePages<Report>(useCallback((cursor) => client.rest.admin.reports({ status, cursor }), [client, status]));
  return (
    <div className="max-w-[860px]">
      <select
        aria-label={t('podState')}
        value={status ?? ''}
        onChange={({ target }) => setStatus(states.find((one) => one === target.value))}
        className="h-11 rounded-sm bg-n1 px-2 text-base ring-1 ring-n7 sm:h-9"
      >
        {states.map((one) => (
          <option key={one} value={one}>
            {t(names[one])}
          </option>
        ))}
        <option value="">{t('allStates')}</option>
      </select>
      <List pages={pages} testId="admin-report-list">
        {(report) => <ReportRow report={report} onChanged={pages.replace} />}
      </List>
    </div>
  );
}

function ReportRow({ report, onChanged }: { report: Report; onChanged: (report: Report) => void }) {
  const { t, language } = useText();
  const { client } = useModel();
  const { isBusy, error, run } = useAction();
  const reporter = useUserName(report.reporterId);
  const name = useUserName(report.userId);
  const { id, conversationId, messageId } = report;
  const set = (status: ReportStatus) => run(async () => onChanged(await client.rest.admin.resolveReport(id, { status })));
  const remove = () =>
    run(async () => {
      await client.rest.admin.removeMessage(conversationId!, messageId!);
      onChanged(await client.rest.admin.resolveReport(id, { status: 'resolved' }));
    });
  return (
    <article className="flex w-full flex-col gap-2" aria-label={t('reportedBy', { reporter, name })}>
      <p className="flex flex-wrap gap-x-2 text-sm text-n10">
        <span className="font-medium text-n12">{t('reportedBy', { reporter, name })}</span>
        <time dateTime={report.createdAt}>{shortTime(report.createdAt, language)}</time>
        <span>{t(names[report.status])}</span>
      </p>
      <p className="text-base wrap-anywhere">{report.reason}</p>
      {report.body && (
        <blockquote className="max-h-40 overflow-y-auto rounded-sm border-l-2 border-n8 bg-n3 px-3 py-2 text-sm whitespace-pre-wrap text-n11 wrap-anywhere">
          {report.body}
        </blockquote>
      )}
      <ActionError error={error} />
      <div className="flex flex-wrap gap-2">
        {report.status === 'open' ? (
          <>
            <Button data-testid="resolve" isBusy={isBusy} onClick={() => set('resolved')}>
              {t('resolve')}
            </Button>
            <Button look="secondary" disabled={isBusy} onClick={() => set('dismissed')}>
              {t('dismiss')}
            </Button>
            {conversationId && messageId && (
              <Button look="danger" data-testid="remove-message" disabled={isBusy} onClick={remove}>
                {t('removeMessage')}
              </Button>
            )}
          </>
        ) : (
          <Button look="secondary" isBusy={isBusy} onClick={() => set('open')}>
            {t('reopen')}
          </Button>
        )}
      </div>
    </article>
  );
}

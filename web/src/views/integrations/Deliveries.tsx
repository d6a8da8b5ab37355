import { useCallback } from 'react';
import { clockTime } from '../../state/format.ts';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { useList } from './use-list.ts';

/** What waits for another try, or was given up. */
export function Deliveries({ conversationId, webhookId }: { conversationId: string; webhookId: string }) {
  const { t, language } = useText();
  const { integrations } = useModel();
  const load = useCallback(() => integrations.deliveries(conversationId, webhookId), [integrations, conversationId, webhookId]);
  const { items, error, run } = useList(load);
  if (error) return <p className="text-sm text-danger">{t(error)}</p>;
  if (!items || items.length === 0) return items ? <p className="text-sm text-n11">{t('webhookAllDelivered')}</p> : null;
  return (
    <details className="text-sm text-n11">
      <summary className="min-h-8 cursor-pointer py-1 text-danger">
        {t('webhookUndelivered')}: {items.length}
      </summary>
      <ul className="flex flex-col gap-2">
        {items.map(({ id, attempts, error: reason, failedAt, nextAttemptAt = '' }) => (
          <li key={id} data-testid="delivery" className="flex items-center gap-2">
            <span className="min-w-0 flex-1">
              {failedAt ? t('webhookGivenUp', { attempts }) : t('webhookWaiting', { attempts, time: clockTime(nextAttemptAt, language) })}
              {reason && <span className="block truncate text-xs">{reason}</span>}
            </span>
            {failedAt && (
              <Button look="ghost" onClick={() => run(() => integrations.retry(conversationId, webhookId, id))}>
                {t('webhookRetry')}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

import type { WebhookDelivery } from '@chatcluster/protocol';
import { useCallback, useEffect } from 'react';
import { clockTime } from '../../state/format.ts';
import { useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';
import { useList } from './use-list.ts';

const LOOK_AGAIN_MS = 3_000;

/** What waits for another try, or was given up; looked at again as long as something waits. A webhook that is off drops what is sent again. */
export function Deliveries({ conversationId, webhookId, isOff }: { conversationId: string; webhookId: string; isOff: boolean }) {
  const { t } = useText();
  const { integrations } = useModel();
  const load = useCallback(() => integrations.deliveries(conversationId, webhookId), [integrations, conversationId, webhookId]);
  const { items, error, run, reload } = useList(load);
  const failed = items?.filter(({ failedAt }) => failedAt) ?? [];
  const waiting = (items?.length ?? 0) - failed.length;
  const isWaiting = waiting > 0;
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setInterval(() => void reload(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [isWaiting, reload]);
  if (error) return <p className="text-sm text-danger">{t(error)}</p>;
  if (!items || items.length === 0) return items ? <p className="text-sm text-n11">{t('webhookAllDelivered')}</p> : null;
  const retry = (ids: string[]) => run(() => Promise.all(ids.map((id) => integrations.retry(conversationId, webhookId, id))));
  return (
    <details className="text-sm text-n11" open={failed.length > 0}>
      <summary className={`min-h-8 cursor-pointer py-1 ${failed.length > 0 ? 'text-danger' : ''}`}>
        {[failed.length > 0 && `${t('webhookUndelivered')}: ${failed.length}`, waiting > 0 && t('webhookPending', { count: waiting })]
          .filter(Boolean)
          .join(' · ')}
      </summary>
      <ul className="flex max-h-60 flex-col gap-2 overflow-y-auto">
        {items.map((delivery) => (
          <Delivery key={delivery.id} delivery={delivery} onRetry={isOff ? undefined : () => retry([delivery.id])} />
        ))}
      </ul>
      {failed.length > 1 && !isOff && (
        <Button look="secondary" data-testid="retry-all" className="mt-2" onClick={() => retry(failed.map(({ id }) => id))}>
          {t('webhookRetryAll')}
        </Button>
      )}
    </details>
  );
}

function Delivery({ delivery, onRetry }: { delivery: WebhookDelivery; onRetry: (() => void) | undefined }) {
  const { t, language } = useText();
  const { seq, attempts, error, failedAt, nextAttemptAt = '' } = delivery;
  return (
    <li data-testid="delivery" className="flex items-center gap-2">
      <span className="min-w-0 flex-1">
        {t('webhookEntry', { seq })} ·{' '}
        {failedAt ? t('webhookGivenUp', { attempts }) : t('webhookWaiting', { attempts, time: clockTime(nextAttemptAt, language) })}
        {error && <span className="block text-xs wrap-anywhere">{error}</span>}
      </span>
      {failedAt && onRetry && (
        <Button look="ghost" data-testid="retry-delivery" onClick={onRetry}>
          {t('webhookRetry')}
        </Button>
      )}
    </li>
  );
}

import { CloudOff, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { decideBanner } from '../../state/banner.ts';
import { useChat, useModel, useText, useView } from './context.tsx';

/** One thin line while the connection is away for longer than a moment. */
export function ConnectionBanner() {
  const { t } = useText();
  const { retryConnection } = useModel();
  const connection = useChat((client) => client.connection());
  const downSinceMs = useView((view) => view.downSinceMs);
  const [nowMs, setNow] = useState(Date.now);
  useEffect(() => {
    if (downSinceMs === undefined) return;
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, [downSinceMs]);
  const banner = decideBanner(connection, downSinceMs, nowMs);
  if (!banner) return null;
  const Icon = banner.kind === 'offline' ? CloudOff : RefreshCw;
  return (
    <div
      role="status"
      data-testid="banner"
      data-kind={banner.kind}
      className="flex min-h-9 shrink-0 flex-wrap items-center justify-center gap-x-3 gap-y-0.5 bg-warning-bg px-4 py-1.5 text-sm text-warning"
    >
      <span className="flex items-center gap-2">
        <Icon className="size-3.5 shrink-0" aria-hidden />
        {banner.kind === 'refused'
          ? t('refused', { reason: banner.reason })
          : t(banner.kind === 'offline' ? 'deviceOffline' : 'reconnecting')}
      </span>
      {banner.kind === 'reconnecting' && banner.seconds !== undefined && banner.seconds > 0 && (
        <span className="tabular-nums">{t('retryIn', { count: banner.seconds })}</span>
      )}
      <button type="button" onClick={retryConnection} className="rounded-sm font-semibold underline-offset-2 hover:underline">
        {t('retryNow')}
      </button>
    </div>
  );
}

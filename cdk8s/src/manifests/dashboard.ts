import { ofRole } from './alerts.ts';
import type { Context } from './context.ts';

function panel(index: number, title: string, expr: string, { unit = 'short', legend = '{{pod}}' } = {}): object {
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    datasource: { type: 'prometheus', uid: '${datasource}' },
    gridPos: { h: 8, w: 12, x: (index % 2) * 12, y: Math.floor(index / 2) * 8 },
    fieldConfig: { defaults: { unit }, overrides: [] },
    targets: [{ refId: 'A', expr, legendFormat: legend }],
  };
}

/** A Grafana dashboard of one ChatCluster. */
export function dashboard(context: Context): object {
  const { name, namespace } = context.cluster;
  const realtime = ofRole(context, 'realtime');
  const rate = (metric: string) => `rate(${metric}${realtime}[1m])`;
  const panels = [
    panel(0, 'Sockets', `chat_sockets${realtime}`),
    panel(1, 'Events per second', `sum by (event, outcome) (${rate('chat_socket_calls_total')})`, { legend: '{{event}} {{outcome}}' }),
    panel(2, 'Time to acknowledge a message, p99', `histogram_quantile(0.99, sum by (le) (${rate('chat_socket_call_seconds_bucket')}))`, {
      unit: 's',
      legend: 'p99',
    }),
    panel(3, 'Entries that wait for the database', `chat_batch_waiting_rows${realtime}`),
    panel(4, 'Event loop lag, p99', `nodejs_eventloop_lag_p99_seconds${realtime}`, { unit: 's' }),
    panel(5, 'Processor time', rate('process_cpu_seconds_total'), { unit: 'percentunit' }),
    panel(6, 'Memory', `process_resident_memory_bytes${realtime}`, { unit: 'bytes' }),
    panel(7, 'Handshakes refused per second', `sum by (reason) (${rate('chat_handshakes_refused_total')})`, { legend: '{{reason}}' }),
  ];
  return {
    uid: `chatcluster-${namespace}-${name}`.slice(0, 40),
    title: `Chat: ${namespace}/${name}`,
    tags: ['chatcluster'],
    schemaVersion: 39,
    time: { from: 'now-1h', to: 'now' },
    refresh: '30s',
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus' }] },
    panels,
  };
}

import type { Settings } from './settings.ts';

/** The part of k6's summary data that is used. */
export interface SummaryData {
  state: { testRunDurationMs: number };
  metrics: Record<string, { values: Record<string, number>; thresholds?: Record<string, { ok: boolean }> }>;
}

/** What `K6_SUMMARY` holds; the driver and the tests read it. */
export interface Report {
  scenario: string;
  ok: boolean;
  settings: Settings;
  clients: number;
  seconds: number;
  /** Of the time in which messages were sent. */
  acknowledgedPerSecond: number;
  deliveredPerSecond: number;
  metrics: Record<string, Record<string, number>>;
  /** Counts of `refused` by the code of the answer. */
  refusedBy: Record<string, number>;
  thresholds: { metric: string; rule: string; ok: boolean }[];
}

/** Codes that a load can meet; k6 keeps the count of a tag only where a threshold asks for it. */
const REFUSALS = [
  'rate_limited',
  'overloaded',
  'unavailable',
  'forbidden',
  'not_member',
  'too_large',
  'invalid',
  'token_expired',
  'internal',
];
/** Always met. */
const COUNT_ONLY = 'count>=0';
const refusedAs = (code: string) => `refused{code:${code}}`;

export const countingThresholds: Record<string, string[]> = Object.fromEntries(REFUSALS.map((code) => [refusedAs(code), [COUNT_ONLY]]));

const COUNTERS = [
  'acknowledged',
  'refused',
  'unanswered',
  'unsent',
  'delivered',
  'followed_expected',
  'followed_lost',
  'dropped',
  'connect_failed',
  'refreshed',
  'moved',
];
/** Only where it was measured. */
const CPU = 'pod_cpu_ms';
const TRENDS = ['send_ack_ms', 'delivery_ms', 'connect_ms', 'reconnect_ms'];
const QUANTILES = ['med', 'p(95)', 'p(99)', 'max'];

export function toReport(scenario: string, settings: Settings, data: SummaryData): Report {
  const values = (name: string) => data.metrics[name]?.values ?? {};
  const count = (name: string) => values(name).count ?? 0;
  const counters = COUNTERS.map((name) => [name, { count: count(name) }] as const);
  const trends = TRENDS.filter((name) => data.metrics[name]).map((name) => [name, values(name)] as const);
  const thresholds = Object.entries(data.metrics).flatMap(([metric, { thresholds: rules = {} }]) =>
    Object.entries(rules)
      .filter(([rule]) => rule !== COUNT_ONLY)
      .map(([rule, { ok }]) => ({ metric, rule, ok })),
  );
  const refusedBy = REFUSALS.map((code) => [code, count(refusedAs(code))] as const).filter(([, times]) => times > 0);
  return {
    scenario,
    ok: thresholds.every(({ ok }) => ok),
    settings,
    clients: settings.vus * settings.socketsPerVu,
    seconds: data.state.testRunDurationMs / 1_000,
    acknowledgedPerSecond: (count('acknowledged') * 1_000) / settings.durationMs,
    deliveredPerSecond: (count('delivered') * 1_000) / settings.durationMs,
    metrics: Object.fromEntries([...counters, ...trends, ...(data.metrics[CPU] ? [[CPU, { count: count(CPU) }] as const] : [])]),
    refusedBy: Object.fromEntries(refusedBy),
    thresholds,
  };
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
export function toTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('   ');
  return rows.map((row) => `  ${line(row)}`.trimEnd()).join('\n');
}

function describeRefusals(refusedBy: Record<string, number>): string[] {
  const codes = Object.entries(refusedBy).map(([code, times]) => `${code} ${times}`);
  if (codes.length === 0) return [];
  const hint = refusedBy.rate_limited ? ' (rate limits are on: see k6/README.md, or lower RATE)' : '';
  return [`  refused as ${codes.join(', ')}${hint}`, ''];
}

const round = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(value < 10 ? 1 : 0));

export function describe({ scenario, settings, clients, metrics, refusedBy, thresholds, ok, ...rates }: Report): string {
  const count = (name: string) => String(metrics[name]?.count ?? 0);
  const counted = [
    ['', 'count', 'per second'],
    ['acknowledged', count('acknowledged'), round(rates.acknowledgedPerSecond)],
    ['delivered', count('delivered'), round(rates.deliveredPerSecond)],
    ...COUNTERS.filter((name) => !['acknowledged', 'delivered'].includes(name)).map((name) => [name.replace('_', ' '), count(name), '']),
  ];
  const timed = TRENDS.filter((name) => metrics[name]).map((name) => [name, ...QUANTILES.map((q) => round(metrics[name]![q]))]);
  const begun = metrics.connect_ms !== undefined || metrics.connect_failed?.count !== 0;
  if (!begun) return '\nFAILED before the load began; the message on the error output says why\n\n';
  return [
    '',
    `${scenario}: ${clients} clients in ${settings.vus} VUs, ${settings.ratePerSecond} messages/s offered for ${settings.durationMs / 1_000} s, ${settings.urls.join(', ')}`,
    '',
    toTable(counted),
    '',
    ...describeRefusals(refusedBy),
    ...(timed.length > 0 ? [toTable([['', 'p50', 'p95', 'p99', 'max'], ...timed]), ''] : []),
    ...thresholds.map(({ metric, rule, ok: met }) => `  ${met ? '✔' : '✖'} ${metric} ${rule}`),
    '',
    ok ? 'passed' : 'FAILED: the thresholds marked with ✖ were crossed',
    '',
  ].join('\n');
}

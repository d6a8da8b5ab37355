import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseSettings } from './settings.ts';
import { describe, type SummaryData, toReport, toTable } from './summary.ts';

const settings = parseSettings({ URL: 'http://a', VUS: '2', SOCKETS: '10', DURATION: '10s', RATE: '20' });
const trend = { avg: 3, min: 1, med: 2, 'p(95)': 4, 'p(99)': 5.55, max: 60 };
const data: SummaryData = {
  state: { testRunDurationMs: 12_000 },
  metrics: {
    acknowledged: { values: { count: 200 }, thresholds: { 'count>0': { ok: true } } },
    delivered: { values: { count: 2_000 } },
    send_ack_ms: { values: trend, thresholds: { 'p(99)<5': { ok: false } } },
    connect_ms: { values: trend },
    vus: { values: { value: 1 } },
  },
};

it('reports counts, rates over the time of sending, and every threshold', () => {
  const report = toReport('steady', settings, data);
  assert.deepEqual([report.clients, report.seconds, report.acknowledgedPerSecond, report.deliveredPerSecond], [20, 12, 20, 200]);
  assert.deepEqual([report.metrics.acknowledged, report.metrics.refused], [{ count: 200 }, { count: 0 }]);
  assert.equal(report.metrics.vus, undefined);
  assert.equal(report.ok, false);
  assert.deepEqual(report.thresholds, [
    { metric: 'acknowledged', rule: 'count>0', ok: true },
    { metric: 'send_ack_ms', rule: 'p(99)<5', ok: false },
  ]);
});

it('prints a table for a person, with the crossed thresholds marked', () => {
  const text = describe(toReport('steady', settings, data));
  assert.match(text, /^steady: 20 clients in 2 VUs, 20 messages\/s offered for 10 s, http:\/\/a$/m);
  assert.match(text, /^ {2}acknowledged +200 +20$/m);
  assert.match(text, /^ {2}send_ack_ms +2\.0 +4\.0 +5\.[56] +60$/m);
  assert.match(text, /✖ send_ack_ms p\(99\)<5/);
  assert.match(text, /FAILED: the thresholds/);
});

it('tells what was refused, and what to do about limits', () => {
  const metrics = {
    ...data.metrics,
    'refused{code:rate_limited}': { values: { count: 7 }, thresholds: { 'count>=0': { ok: true } } },
    'refused{code:internal}': { values: { count: 0 }, thresholds: { 'count>=0': { ok: true } } },
  };
  const report = toReport('steady', settings, { ...data, metrics });
  assert.deepEqual(report.refusedBy, { rate_limited: 7 });
  assert.equal(report.thresholds.length, 2, 'what only counts is no rule');
  assert.match(describe(report), /^ {2}refused as rate_limited 7 \(rate limits are on: see k6\/README\.md, or lower RATE\)$/m);
});

it('prints no figures of a run that never began', () => {
  const text = describe(toReport('steady', settings, { ...data, metrics: {} }));
  assert.match(text, /FAILED before the load began/);
  assert.doesNotMatch(text, /acknowledged/);
});

it('aligns columns', () => {
  assert.equal(
    toTable([
      ['', 'n'],
      ['long name', '1'],
      ['x', '100'],
    ]),
    ['                n', '  long name     1', '  x           100'].join('\n'),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCounts } from '../meters.ts';
import { noFindings } from '../oracle/verdict.ts';
import { parseSettings } from '../settings.ts';
import { compareRuns } from './compare.ts';
import { type Report, REPORT_VERSION } from './create.ts';
import { renderPage } from './page.ts';
import { summarize } from './summary.ts';

const quantiles = { count: 10, p50: 5, p90: 8, p99: 20, p999: 30, max: 40 };

function createTestReport(over: Partial<Report> = {}): Report {
  const moment = {
    live: 2,
    unsent: 0,
    loopLagMs: 1,
    times: { delivery: quantiles },
    byPod: { a: 2 },
    counts: { ...noCounts(), acknowledged: 3 },
  };
  return {
    version: REPORT_VERSION,
    startedAt: '2026-01-02T03:04:05.000Z',
    machine: { cores: 2, cpu: 'a <fast> one', node: 'v24' },
    target: { from: 'test', urls: ['http://127.0.0.1:1'] },
    settings: parseSettings({}, { cores: 2, seed: 1 }),
    population: { people: 2, conversations: 1, members: 2 },
    seconds: 2,
    settledAfter: 0.1,
    notConnected: 0,
    unanswered: 0,
    counters: { ...noCounts(), acknowledged: 6, deliveries: 12 },
    times: { delivery: quantiles },
    refusals: {},
    plan: [],
    faults: [{ kind: 'pod-kill', from: 0.5, to: 1.5, target: 'pod-0' }],
    verdict: { acknowledged: 6, queued: 0, deliveries: 12, counts: noFindings(), late: 0, findings: [] },
    story: [],
    growth: [],
    timeline: [0, 1].map((t) => ({ t, ...moment, pods: { a: { connections: 2, cpuShare: 0.5, rssBytes: 2 ** 26 } } })),
    ...over,
  };
}

const withoutScript = (page: string) => page.replace(/<script>.*<\/script>/s, '');

test('the page needs nothing from elsewhere and shows the faults on every curve', () => {
  const page = renderPage(createTestReport(), undefined);
  assert.doesNotMatch(page, /(src|href)=|@import|url\(/);
  assert.equal(page.match(/<title>pod-kill \(pod-0\), 0\.5 to 1\.5 s<\/title>/g)?.length, page.match(/<figure/g)?.length);
  assert.match(page, /a &lt;fast&gt; one/);
  assert.match(page, /prefers-color-scheme: dark/);
  assert.doesNotMatch(withoutScript(page), /NaN|undefined|Infinity/);
});

test('a finding is shown first, with its history', () => {
  const verdict = { ...createTestReport().verdict, counts: { ...noFindings(), lost: 2 } };
  const page = renderPage(createTestReport({ verdict, story: ['a member never got it: <b>'] }), undefined);
  assert.match(page, /class="verdict bad">2 findings/);
  assert.match(page, /a member never got it: &lt;b&gt;/);
  assert.match(summarize(createTestReport({ verdict })).join('\n'), /WRONG 2: a member never got it/);
});

test('a run is compared figure by figure, and drawn over the earlier one', () => {
  const before = createTestReport({ times: { delivery: { ...quantiles, p99: 10 } } });
  const now = createTestReport();
  const row = compareRuns(now, before).find(([name]) => name === 'meant to send → applied, p99 ms');
  assert.deepEqual(row?.slice(1), [10, 20, 2]);
  assert.match(renderPage(now, before), /earlier run/);
});

test('the page of a run without figures is a page, too', () => {
  const page = renderPage(createTestReport({ timeline: [], times: {}, faults: [] }), undefined);
  assert.doesNotMatch(withoutScript(page), /NaN|undefined/);
});

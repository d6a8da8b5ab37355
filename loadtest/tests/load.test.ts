import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { wrongCount } from '../src/oracle/verdict.ts';
import { Progress } from '../src/progress.ts';
import { runLoad } from '../src/run.ts';
import type { Settings } from '../src/settings.ts';
import type { Target } from '../src/target.ts';
import type { Plant } from '../src/people/feed.ts';
import { silent, startPods, testSettings } from './_pods.ts';

const pods = await startPods(2);
after(() => pods[Symbol.asyncDispose]());

function run(settings: Settings, plant?: Plant, target: Target = pods.target) {
  const progress = new Progress(process.env.SHOW ? process.stdout : silent, () => performance.now());
  return runLoad({ settings, target, progress, signal: new AbortController().signal, plant });
}

test('a small open-loop load on two pods leaves nothing lost, doubled, misordered or missing', async () => {
  const { verdict, timeline, story, refusals } = await run(testSettings({ WORKERS: '2', SESSION: '2', AWAY: '1' }));
  assert.equal(wrongCount(verdict), 0, story.join('\n'));
  // A machine that is busy otherwise is late at times; of that the story tells, too.
  if (verdict.late === 0) assert.deepEqual(story, []);
  assert.deepEqual(refusals, {});
  assert.ok(verdict.acknowledged > 80, `${verdict.acknowledged} acknowledged`);
  assert.ok(verdict.deliveries > verdict.acknowledged * 2);
  const times = timeline.totals.quantiles();
  for (const name of ['ack', 'delivery', 'remote', 'connect', 'catchUp', 'history'] as const) assert.ok(times[name], `${name} was timed`);
  assert.ok(timeline.moments().length >= 4);
});

test('a closed loop sends as fast as it is answered', async () => {
  const { verdict } = await run(testSettings({ MODE: 'closed', RATE: '1', DURATION: '2', SESSION: '0' }));
  assert.equal(wrongCount(verdict), 0);
  // At the rate of an open loop there would be two.
  assert.ok(verdict.acknowledged > 20, `${verdict.acknowledged} acknowledged`);
});

test('a load that outlives its tokens is read back all the same', async () => {
  await using shortLived = await startPods(1, { ACCESS_TOKEN_SECONDS: '9' });
  const { verdict } = await run(testSettings({ USERS: '10', DURATION: '10', SESSION: '0' }), undefined, shortLived.target);
  assert.equal(wrongCount(verdict), 0);
  assert.ok(verdict.acknowledged > 80, `${verdict.acknowledged} acknowledged`);
});

test('who got no newer token in time asks for one as soon as the old one is refused', async () => {
  await using shortLived = await startPods(1, { ACCESS_TOKEN_SECONDS: '6' });
  // Nobody listens on port 9: every other question for a token fails, and hints are given once.
  const target = { ...shortLived.target, urls: [...shortLived.target.urls, 'http://127.0.0.1:9'] };
  const { verdict, timeline } = await run(testSettings({ USERS: '10', DURATION: '7', SESSION: '0' }), undefined, target);
  assert.equal(wrongCount(verdict), 0);
  const { max } = timeline.totals.quantiles().ack!;
  // A socket with an expired token is closed after 30 s.
  assert.ok(max < 15_000, `acknowledged after up to ${max} ms`);
});

test('a lost frame is repaired by the client rule, and the oracle stays silent', async () => {
  // One busy conversation: the next message, which shows the gap, is sure to come.
  const settings = testSettings({ USERS: '2', GROUPS: '0', CHANNELS: '0', SESSION: '0' });
  const { verdict, timeline } = await run(settings, { user: 1, after: 20, what: 'frame' });
  assert.equal(wrongCount(verdict), 0);
  const { gaps, bySync } = timeline
    .moments()
    .reduce((sum, { counts }) => ({ gaps: sum.gaps + counts.gaps, bySync: sum.bySync + counts.bySync }), {
      gaps: 0,
      bySync: 0,
    });
  assert.ok(gaps > 0 && bySync > 0, `${gaps} gaps, ${bySync} by sync`);
});

test('an entry that one client swallows is reported as lost, with who sent it, who acknowledged it and who has it', async () => {
  const { verdict, story } = await run(testSettings({ SESSION: '0' }), { user: 3, after: 20, what: 'swallow' });
  assert.ok(verdict.counts.lost >= 1, JSON.stringify(verdict.counts));
  assert.equal(wrongCount(verdict), verdict.counts.lost);
  assert.match(story[0] ?? '', /^a member never got it.*seq \d+, person 3 /);
  assert.match(story.join('\n'), /acknowledged by pod-\d as seq \d+/);
  assert.match(story.join('\n'), /person \d+ \([0-9a-f-]{36}\): live, applied/);
  assert.match(story.join('\n'), /person 3 \([0-9a-f-]{36}\): nothing of it ever came/);
});

test('an entry that one client applies twice is reported', async () => {
  const { verdict } = await run(testSettings({ SESSION: '0' }), { user: 3, after: 20, what: 'double' });
  assert.ok(verdict.counts.twice >= 1, JSON.stringify(verdict.counts));
});

/** The last test: one pod is dead afterwards. */
test('a pod killed and clients dropped under load cost nobody a message, and are in the report', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chat-load-'));
  try {
    const file = join(dir, 'cluster.json');
    writeFileSync(file, JSON.stringify(pods.cluster));
    const target = { ...pods.target, local: { file, cluster: pods.cluster } };
    const settings = testSettings({ FAULTS: 'pod-kill@1:0,clients-drop@2', SESSION: '0' });
    const { verdict, faults, timeline, story } = await run(settings, undefined, target);
    assert.equal(wrongCount(verdict), 0, story.join('\n'));
    assert.deepEqual(
      faults.map(({ kind, target: hit, error }) => [kind, hit.replace(/\d/, 'n'), error]),
      [
        ['pod-kill', 'pod-n', undefined],
        ['clients-drop', 'n0 % of the clients', undefined],
      ],
    );
    assert.ok(timeline.moments().some(({ services }) => (services?.historyBytes ?? 0) > 0 && (services?.otherBytes ?? 0) > 0));
    const drops = timeline.moments().reduce((sum, { counts }) => sum + counts.drops, 0);
    assert.ok(drops > 5, `${drops} clients lost their connection`);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { createDatabase, redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { createPod, type Pod } from '../../server/tests/_pod-process.ts';
import type { ScalingReport } from '../driver/horizontal.ts';
import type { Report } from '../lib/summary.ts';

const root = join(import.meta.dirname, '../..');
const stack = new AsyncDisposableStack();
let dir: string;
let pods: Pod[];

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'chat-k6-test-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const database = stack.use(await createDatabase());
  const env = {
    REBALANCE: 'off',
    // The server asks for a fresh one when two thirds of its time are left: within the smoke scenario.
    ACCESS_TOKEN_SECONDS: '15',
    DATABASE_URL: database.url,
    REDIS_URLS: redisUrl(),
    REDIS_PREFIX: uniquePrefix(),
    RATE_LIMITS: 'off',
    DRAIN_SECONDS: '1',
  };
  pods = [await createPod('pod-0', dir, env), await createPod('pod-1', dir, env)];
  for (const pod of pods) {
    stack.defer(async () => {
      pod.signal('SIGTERM');
      await pod.ended();
    });
    await pod.start();
  }
});
after(() => stack.disposeAsync());

interface Outcome {
  code: number | null;
  output: string;
  errors: string;
}

/** As `make k6` does it. */
function run(scenario: string, env: Record<string, string>): Promise<Outcome> {
  const { PATH, HOME, CHATCLUSTER_TOOLS = '' } = process.env;
  const child = spawn(process.execPath, ['k6/run.ts', scenario], {
    cwd: root,
    env: { PATH, HOME, ...(CHATCLUSTER_TOOLS ? { CHATCLUSTER_TOOLS } : {}), LOCAL_DIR: dir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const outcome = { output: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (outcome.output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (outcome.errors += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, ...outcome }));
  });
}

const urls = () => pods.map(({ url }) => url).join(',');
const adminUrls = () => pods.map(({ adminUrl }) => adminUrl).join(',');
const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T;

it('passes the smoke scenario over two pods, counts every message on every client, and refreshes tokens', async () => {
  const file = join(dir, 'smoke.json');
  const { code, output, errors } = await run('smoke', {
    URL: urls(),
    ADMIN_URL: adminUrls(),
    DURATION: '8s',
    P99_MS: '5000',
    K6_SUMMARY: file,
  });
  assert.equal(code, 0, `${output}\n${errors}`);
  const report = read<Report>(file);
  const count = (name: string) => report.metrics[name]?.count ?? -1;
  assert.equal(report.ok, true);
  assert.ok(count('acknowledged') >= 25, `acknowledged ${count('acknowledged')}`);
  assert.equal(count('delivered'), count('acknowledged') * 10);
  assert.equal(count('followed_expected'), count('delivered'));
  assert.equal(count('followed_lost'), 0);
  assert.ok(count('pod_cpu_ms') > 0);
  assert.ok(count('refreshed') >= 10, 'every socket got a fresh token on the way');
  assert.match(output, /acknowledged +\d+/);
  assert.match(output, /passed/);
});

it('drops every client of the storm twice, and all come back', async () => {
  const file = join(dir, 'storm.json');
  // Between the two drops is a third of it: on a busy machine a client that was told to try later needs more than the 3 s of eight.
  const env = { URL: urls(), VUS: '2', SOCKETS: '20', DURATION: '16s', P99_MS: '5000', K6_SUMMARY: file };
  const { code, output, errors } = await run('reconnect-storm', env);
  assert.equal(code, 0, `${output}\n${errors}`);
  const { metrics } = read<Report>(file);
  const counts = `${metrics.connect_ms?.count} connects, ${metrics.reconnect_ms?.count} of them again`;
  assert.equal(counts, '120 connects, 80 of them again', `${counts}\n${output}\n${errors}`);
});

for (const scenario of ['steady', 'ramp', 'spike', 'soak']) {
  it(`runs the scenario ${scenario}, small and short, and loses nothing`, async () => {
    const file = join(dir, `${scenario}.json`);
    const small = { VUS: '2', SOCKETS: '10', RATE: '20', DURATION: '4s', P99_MS: '30000', ACK_TIMEOUT: '30s', LOSS_AFTER: '30s' };
    const { code, output, errors } = await run(scenario, { URL: urls(), SAMPLE_EVERY: '1', K6_SUMMARY: file, ...small });
    assert.equal(code, 0, `${output}\n${errors}`);
    const report = read<Report>(file);
    assert.equal(report.scenario, scenario);
    assert.equal(report.metrics.followed_lost?.count, 0);
    const [delivered, acknowledged] = [report.metrics.delivered?.count ?? 0, report.metrics.acknowledged?.count ?? 0];
    // Of a ramp, not everybody is there yet when the first messages are sent.
    if (scenario === 'ramp') assert.ok(delivered > acknowledged && delivered < acknowledged * 10, `${delivered} of ${acknowledged}`);
    else assert.equal(delivered, acknowledged * 10);
  });
}

it('draws the scaling curve with as many times the load as pods', async () => {
  const file = join(dir, 'scaling.json');
  const env = {
    URL: urls(),
    ADMIN_URL: adminUrls(),
    DURATION: '4s',
    SOCKETS: '10',
    RATE: '20',
    P99_MS: '5000',
    EFFICIENCY: '0.2',
    K6_SUMMARY: file,
  };
  const { code, output, errors } = await run('horizontal-scaling', env);
  assert.equal(code, 0, `${output}\n${errors}`);
  const { steps, ok } = read<ScalingReport>(file);
  assert.equal(ok, true);
  assert.deepEqual(
    steps.map(({ pods: count, clients, offeredPerSecond }) => [count, clients, offeredPerSecond]),
    [
      [1, 10, 20],
      [2, 20, 40],
    ],
  );
  assert.ok(steps.every(({ efficiency, cpuMsPerThousandDeliveries }) => efficiency > 0.5 && cpuMsPerThousandDeliveries! > 0));
});

it('says in one line that nothing answers at the address', async () => {
  const { code, output, errors } = await run('smoke', { URL: 'http://127.0.0.1:9' });
  assert.equal(code, 108);
  assert.match(errors, /http:\/\/127\.0\.0\.1:9\/\S+ cannot be reached \(.*refused.*\); is the installation running at this URL\?/);
  assert.doesNotMatch(errors, /\.ts:\d+/);
  assert.doesNotMatch(output, /acknowledged/);
});

it('says that something else answers at the address', async () => {
  const { code, errors } = await run('smoke', { URL: pods[0]!.adminUrl });
  assert.equal(code, 108);
  assert.match(errors, /answered 404.*is this the address of a chat installation\?/s);
});

it('ends with 99 when a threshold is crossed', async () => {
  const { code, output } = await run('smoke', { URL: urls(), DURATION: '2s', P99_MS: '1' });
  assert.equal(code, 99);
  assert.match(output, /✖ send_ack_ms p\(99\)<1\b/);
});

const mistakes: Record<string, [string, Record<string, string>, RegExp]> = {
  'a scenario that does not exist': ['stedy', {}, /^there is no scenario "stedy"; SCENARIO is one of: .*steady/],
  'no installation': ['smoke', {}, /^nothing to load: start /],
  'a setting that cannot be': ['smoke', { URL: 'http://a', VUS: 'many' }, /^VUS="many" must be a whole number/],
  'a Job without a cluster': ['smoke', { URL: 'http://a', JOB: '1' }, /^JOB=1 runs inside the cluster of "make cluster"/],
  'more steps than pods': ['horizontal-scaling', { URL: 'http://127.0.0.1:9', STEPS: '2' }, /^there are 1 pods, STEPS asks for 2/],
};
for (const [sentence, [scenario, env, message]] of Object.entries(mistakes)) {
  it(`answers ${sentence} with one line`, async () => {
    const { code, errors } = await run(scenario, env);
    assert.deepEqual([code, errors.trim().split('\n').length], [1, 1], errors);
    assert.match(errors, message);
  });
}

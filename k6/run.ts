/** `make k6 SCENARIO=… URL=…`: finds k6 and the installation, runs one scenario, ends with k6's exit code. */
import { globSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { runScaling } from './driver/horizontal.ts';
import { type K6Result, runK6 } from './driver/k6-process.ts';
import { findTarget, type Target, TargetError } from './driver/target.ts';
import { type Env, parseSettings } from './lib/settings.ts';

const localDir = resolve(process.env.LOCAL_DIR || join(import.meta.dirname, '../.local'));
/** The script sees these of the caller's environment and no others. */
const HANDED_ON =
  'REST_URL VUS SOCKETS GROUP_SIZE RATE DURATION CONNECT_RATE SAMPLE_EVERY BODY_CHARS ACK_TIMEOUT LOSS_AFTER P99_MS ACCOUNTS CREDENTIAL'.split(
    ' ',
  );
const OWN = ['STEPS', 'EFFICIENCY'];

const say = (text: string) => void process.stdout.write(`${text}\n`);

function findScenario(name: string | undefined): string {
  const names = globSync('*.ts', { cwd: join(import.meta.dirname, 'scenarios') }).map((file) => basename(file, '.ts'));
  const choice = `one of: ${names.sort().join(', ')}`;
  if (!name) throw new TargetError(`which scenario? SCENARIO is ${choice}`);
  if (!names.includes(name)) throw new TargetError(`there is no scenario "${name}"; SCENARIO is ${choice}`);
  return name;
}

function pick(env: Env, names: readonly string[]): Env {
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

async function main(): Promise<void> {
  const name = findScenario(process.argv[2] || process.env.SCENARIO);
  const target = findTarget(process.env, localDir);
  const env = pick(process.env, HANDED_ON);
  const k6 = await ensureReady(target, env);
  const script = join(import.meta.dirname, 'scenarios', `${name}.ts`);
  const file = process.env.K6_SUMMARY;
  if (process.env.JOB) return finish(await runInCluster(name, k6, target, env), file);
  const URL = target.urls.join(',');
  say(`k6: ${name} against ${URL} (from ${target.from})`);
  if (name === 'horizontal-scaling') {
    const report = await runScaling({ k6, script, env: { ...env, ...pick(process.env, OWN) }, target, say });
    if (file) writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    process.exitCode = report.ok ? 0 : 99;
    return;
  }
  finish(await runK6({ k6, script, env: { ...env, URL, ADMIN_URL: adminUrls(target.pods) } }), file);
}

/** A wrong variable is told before k6 is built. */
async function ensureReady({ urls, kubernetes }: Target, env: Env): Promise<string> {
  const isInCluster = Boolean(process.env.JOB);
  if (isInCluster && !kubernetes) throw new TargetError('JOB=1 runs inside the cluster of "make cluster": start it, and give no URL');
  if (!isInCluster && urls.length === 0)
    throw new TargetError('the cluster has no way in that is known: give URL=…, or JOB=1 to run inside of it');
  parseSettings({ ...env, URL: isInCluster ? 'http://inside' : urls.join(',') });
  return await ensureTool('k6');
}

async function runInCluster(scenario: string, k6: string, { kubernetes }: Target, env: Env): Promise<K6Result> {
  // Loaded only here: it brings the programs that build images.
  const { runJob } = await import('./driver/run-job.ts');
  return await runJob({ k6, scenario, env, imageDir: join(localDir, 'images'), image: process.env.K6_IMAGE, kubernetes: kubernetes!, say });
}

function finish({ exitCode, report }: K6Result, file: string | undefined): void {
  if (file && report) {
    writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
    say(`the figures are in ${file}`);
  }
  process.exitCode = exitCode;
}

function adminUrls(pods: { adminUrl?: string }[]): string {
  return pods.flatMap(({ adminUrl }) => adminUrl ?? []).join(',');
}

// k6 gets the same signal from the terminal, stops gently and tells its exit code.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

main().catch((error: unknown) => {
  const known = error instanceof Error && ['TargetError', 'SettingsError', 'ServiceError'].includes(error.name);
  process.stderr.write(`${known ? error.message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = 1;
});

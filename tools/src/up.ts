import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { identify, isRunning, runMain } from './process.ts';
import { checkPorts, checkSpace } from './local/checks.ts';
import { startHaproxy } from './local/haproxy.ts';
import { demoPassword, demoUsers, seed } from './local/seed.ts';
import { makeAdminToken, readAdminToken } from './local/admin-link.ts';
import { localDir, marker, parseSettings, type Settings } from './local/settings.ts';
import { runMigrations, spawnPod, startOwnPostgres, startOwnRedis, waitReady } from './local/start.ts';
import { readState, removeState, type State, writeState } from './local/state.ts';
import { stopAll } from './local/stop.ts';
import { buildWeb } from './local/web.ts';

const startedAt = performance.now();

function say(text: string): void {
  process.stdout.write(`[${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(5)} s] ${text}\n`);
}

function sayHowToLogIn(settings: Settings): void {
  const logins = demoUsers.map(({ email }) => email).join(' or ');
  const link = readAdminToken(settings);
  process.stdout.write(
    [
      `\n  Open    ${settings.frontUrl}`,
      `  Log in  ${logins}, password ${demoPassword}`,
      ...(link ? [`  Admin   ${settings.frontUrl}/#/admin-link?token=${link} (the first who opens it)`] : []),
      '  Stop    make down      Logs  make logs\n\n',
    ].join('\n'),
  );
}

/** What runs already decides: the same cluster stays, another one is stopped first. */
async function settleOld(settings: Settings): Promise<'keep' | 'start'> {
  const old = readState();
  if (!old) return 'start';
  const dead = Object.entries(old.processes)
    .filter(([, running]) => !isRunning(running))
    .map(([name]) => name);
  const complete = old.settings.pods.every(({ id }) => old.processes[id]);
  const same = isDeepStrictEqual(old.settings, JSON.parse(JSON.stringify(settings)));
  if (same && complete && dead.length === 0) return 'keep';
  const stopped = await stopAll(old);
  removeState();
  if (stopped.length > 0)
    say(`stopped the earlier cluster (${same ? `${dead.join(', ') || 'something'} was not running` : 'its settings were different'})`);
  return 'start';
}

function record(state: State, name: string, pid: number): void {
  state.processes[name] = identify(pid);
  writeState(state);
}

async function startBackends(state: State): Promise<void> {
  const { settings } = state;
  if (!settings.databaseUrl) {
    const postgres = await startOwnPostgres(settings, (pid) => record(state, 'postgres', pid));
    state.databaseUrl = postgres.url;
    writeState(state);
    say(`Postgres is ready on port ${settings.postgresPort}`);
  }
  if (settings.startRedis) {
    const redis = await startOwnRedis(settings, (pid) => record(state, 'redis', pid));
    state.redisUrls = redis.url;
    writeState(state);
    say(`Redis is ready on port ${settings.redisPort}`);
  }
}

async function startPods(state: State): Promise<void> {
  const { pods } = state.settings;
  for (const pod of pods) record(state, pod.id, spawnPod(state, pod));
  await Promise.all(
    pods.map(async (pod) => {
      await waitReady(pod, state.processes[pod.id]?.pid ?? 0);
      say(`${pod.id} is ready on port ${pod.port} (admin ${pod.adminPort})`);
    }),
  );
}

async function start(state: State): Promise<void> {
  const { settings } = state;
  makeAdminToken();
  await startBackends(state);
  const web = buildWeb();
  say({ absent: 'there is no web app to build', fresh: 'the web app is built', built: 'built the web app' }[web]);
  await runMigrations(state);
  say('the database has the current tables');
  await startPods(state);
  if (settings.frontPort) {
    await startHaproxy(settings, (pid) => record(state, 'haproxy', pid));
    say(`the load balancer is ready on port ${settings.frontPort}`);
  }
  await seed(`http://127.0.0.1:${settings.pods[0]?.port}`);
  say('two demo users and their conversations are there');
}

async function main(): Promise<void> {
  const settings = parseSettings(process.env);
  if ((await settleOld(settings)) === 'keep') {
    process.stdout.write('the cluster is already running; nothing to do (new code or a clean start: make down, then make up)\n');
    sayHowToLogIn(settings);
    return;
  }
  checkSpace();
  await checkPorts(settings);
  rmSync(join(localDir, 'logs'), { recursive: true, force: true });
  mkdirSync(join(localDir, 'logs'), { recursive: true });
  const state: State = { settings, databaseUrl: settings.databaseUrl ?? '', redisUrls: settings.redisUrls ?? '', processes: {} };
  writeState(state);
  try {
    await start(state);
  } catch (error) {
    await stopAll(state);
    removeState();
    throw error;
  }
  sayHowToLogIn(settings);
}

// A reader that leaves (make up | head) must not stop the start half-way.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.env[marker] = localDir;
runMain(main);

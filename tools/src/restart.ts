import { identify, isRunning, runMain, ServiceError } from './process.ts';
import { startHaproxy } from './local/haproxy.ts';
import { localDir, marker } from './local/settings.ts';
import { spawnPod, startOwnPostgres, startOwnRedis, waitReady } from './local/start.ts';
import { readState, recordProcess, type State } from './local/state.ts';
import { stopNamed } from './local/stop.ts';

async function start(state: State, name: string): Promise<number> {
  const { settings } = state;
  if (name === 'postgres') return (await startOwnPostgres(settings)).pid;
  if (name === 'redis') return (await startOwnRedis(settings)).pid;
  if (name === 'haproxy') return await startHaproxy(settings);
  const pod = settings.pods.find(({ id }) => id === name);
  if (!pod) throw new ServiceError(`${name} is not part of this cluster; it has: ${Object.keys(state.processes).join(', ')}`);
  const pid = spawnPod(state, pod);
  // Recorded before it is ready: whoever kills it while it starts needs its pid.
  await recordProcess(name, pid);
  await waitReady(pod, pid);
  return pid;
}

process.env[marker] = localDir;
/** Brings one part back on the same ports with the same data. */
runMain(async () => {
  const name = process.argv[2] ?? '';
  const state = readState();
  if (!state) throw new ServiceError('the cluster is down; start it with: make up');
  if (!state.processes[name]) throw new ServiceError(`which one? One of: ${Object.keys(state.processes).join(', ')}`);
  await stopNamed(state, name);
  const pid = await start(state, name);
  await recordProcess(name, pid);
  if (!isRunning(identify(pid))) throw new ServiceError(`${name} ended right after its start; see .local/logs/${name}.log`);
  process.stdout.write(`${name} is ready, pid ${pid}\n`);
});

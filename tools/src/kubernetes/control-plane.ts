import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, runMain, ServiceError, stopPid } from '../process.ts';
import type { ControlPlanePorts } from './control-plane-args.ts';
import { type Launch, startApiServer, startControllers } from './control-plane-start.ts';
import { API_SERVICE_IP } from './control-plane-args.ts';
import { ensurePki, kubeconfigFile } from './pki.ts';

export interface ControlPlaneOptions {
  /**
   * Where everything is kept.
   * @default a new folder that goes away with it
   */
  dir?: string;
  /**
   * Whether kube-controller-manager and kube-scheduler run too: garbage collection, Deployments, ServiceAccounts, HPA. Without
   * them objects are stored and nothing else, and it is ready sooner.
   * @default false
   */
  controllerManager?: boolean;
}

export interface ControlPlane extends AsyncDisposable {
  /** Path of an administrator's kubeconfig. */
  kubeconfig: string;
  url: string;
  port: number;
  /** Holds `audit.log`, `logs/` and `pki/`. */
  dir: string;
  stop(): Promise<void>;
}

/** Where setpriv is missing, a killed test leaves its servers behind. */
const dieWithParent = ['setpriv', '--pdeathsig', 'KILL', '--'];

/** Children of this process: they end with it, however it ends. */
function createLauncher(dir: string, children: ChildProcess[]): Launch {
  return (name, file, args) => {
    const logFile = join(dir, 'logs', `${name}.log`);
    const log = openSync(logFile, 'a');
    const [command = file, ...rest] = process.platform === 'linux' ? [...dieWithParent, file, ...args] : [file, ...args];
    const child = spawn(command, rest, { cwd: dir, stdio: ['ignore', log, log] });
    closeSync(log);
    if (child.pid === undefined) throw new ServiceError(`${command} did not start; is it installed?`);
    child.unref();
    children.push(child);
    return { pid: child.pid, logFile };
  };
}

async function choosePorts(): Promise<ControlPlanePorts> {
  const first = await freePort(5);
  return { etcd: first, etcdPeer: first + 1, api: first + 2, controllerManager: first + 3, scheduler: first + 4 };
}

/** A real API server on loopback, with RBAC, Pod Security admission and an audit log; ready in seconds. */
export async function startControlPlane({ dir: given, controllerManager = false }: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const dir = given ?? mkdtempSync(join(tmpdir(), 'chat-control-plane-'));
  mkdirSync(join(dir, 'logs'), { recursive: true });
  const children: ChildProcess[] = [];
  await using cleanup = new AsyncDisposableStack();
  if (given === undefined) cleanup.defer(() => rmSync(dir, { recursive: true, force: true }));
  // Nothing of it is kept, so nothing needs time to end well.
  cleanup.defer(async () => {
    await Promise.all(children.map(({ pid = 0 }) => stopPid(pid, 'SIGKILL')));
  });
  const ports = await choosePorts();
  const url = `https://127.0.0.1:${ports.api}`;
  ensurePki({ dir, url, addresses: [API_SERVICE_IP] });
  const settings = { dir, address: '127.0.0.1', ports, serviceAccounts: controllerManager };
  const launch = createLauncher(dir, children);
  await startApiServer(settings, launch);
  if (controllerManager) await startControllers(settings, launch);
  const running = cleanup.move();
  const stop = () => running.disposeAsync();
  return { kubeconfig: kubeconfigFile(dir, 'admin'), url, port: ports.api, dir, stop, [Symbol.asyncDispose]: stop };
}

async function main(): Promise<void> {
  const startedAt = performance.now();
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop());
  await using plane = await startControlPlane({ controllerManager: !process.argv.includes('--api-only') });
  const keepAlive = setInterval(() => undefined, 2 ** 30);
  process.stdout.write(
    `control plane ready in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s at ${plane.url}; end it with Ctrl-C\n`,
  );
  process.stdout.write(`export KUBECONFIG=${plane.kubeconfig}\n`);
  await stopped;
  clearInterval(keepAlive);
}

if (import.meta.main) runMain(main);

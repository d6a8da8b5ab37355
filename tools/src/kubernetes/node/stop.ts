import { existsSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { attempt } from './commands.ts';
import { restoreKernel } from './kernel-settings.ts';
import {
  controlGroups,
  firewallChains,
  mountsOfNode,
  namespacesOfPods,
  processesOfPods,
  removeControlGroups,
  removeFirewall,
  removeLinks,
  removeTraces,
  unmountAll,
} from './links.ts';
import { leaveMachine } from './machine-owner.ts';
import { runningPid, startedNames, stop } from './processes.ts';
import { CONTAINERD_NAMESPACE, socketFile, stateDir } from './settings.ts';

const killDeadlineMs = 5_000;

const ctr = (...args: string[]) =>
  attempt('ctr', '-a', socketFile(), '-n', CONTAINERD_NAMESPACE, ...args)
    .split('\n')
    .filter(Boolean);

/** Pids of the helpers that hold this node's containers; those of another containerd have another socket. */
function shims(): string[] {
  return attempt('ps', '-eo', 'pid=,args=', 'ww')
    .split('\n')
    .filter((line) => line.includes('containerd-shim') && line.includes(`-address ${socketFile()}`))
    .map((line) => line.trim().split(' ')[0] ?? '');
}

async function removeContainers(): Promise<void> {
  if (runningPid('containerd') !== undefined) {
    for (const task of ctr('tasks', 'ls', '-q')) ctr('tasks', 'kill', '--signal', 'SIGKILL', task);
    const end = Date.now() + killDeadlineMs;
    while (ctr('tasks', 'ls').some((line) => line.includes('RUNNING')) && Date.now() < end) await delay(50);
    for (const task of ctr('tasks', 'ls', '-q')) ctr('tasks', 'delete', '--force', task);
    for (const container of ctr('containers', 'ls', '-q')) ctr('containers', 'delete', container);
  }
  for (const pid of [...shims(), ...processesOfPods()]) attempt('kill', '-9', pid);
  // A control group with a process in it cannot be removed.
  const end = Date.now() + killDeadlineMs;
  while (processesOfPods().length > 0 && Date.now() < end) await delay(50);
}

/** What is still there of a node; all of it empty after a clean stop. */
export function remains(): Record<string, string[]> {
  return {
    processes: startedNames().filter((name) => runningPid(name) !== undefined),
    shims: shims(),
    mounts: mountsOfNode(),
    'network namespaces': namespacesOfPods(),
    'firewall chains': firewallChains(),
    'control groups': controlGroups(),
  };
}

/** Undoes everything that a start did, also after a crash. What did not run is no failure. */
export async function stopNode({ keepState = false } = {}): Promise<void> {
  if (!existsSync(stateDir)) return;
  // Whoever restarts things goes first; nothing of a wiped node needs time to end well.
  const signal = keepState ? 'SIGTERM' : 'SIGKILL';
  await Promise.all(
    ['traefik', 'volumes', 'network-policies', 'kubelet', 'kube-proxy', 'kube-scheduler', 'kube-controller-manager'].map((name) =>
      stop(name, signal),
    ),
  );
  await stop('kube-apiserver', signal);
  await stop('etcd', 'SIGTERM');
  await removeContainers();
  await stop('containerd', 'SIGTERM');
  unmountAll();
  removeLinks();
  await removeFirewall();
  removeControlGroups();
  removeTraces();
  restoreKernel();
  leaveMachine();
  if (!keepState) rmSync(stateDir, { recursive: true, force: true });
}

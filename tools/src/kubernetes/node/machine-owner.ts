import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { identify, isRunning, type Running, ServiceError } from '../../process.ts';
import { attempt } from './commands.ts';
import { stateDir } from './settings.ts';

/** Whose links, chains and control groups are on this machine, and the process that made them. */
interface Owner extends Running {
  stateDir: string;
}

/** Outside the checkout: the next one has to find what a killed one left. */
const ownerFile = '/run/chatcluster-node.json';

const read = <T>(file: string) => JSON.parse(readFileSync(file, 'utf8')) as T;

function otherOwner(): Owner | undefined {
  if (!existsSync(ownerFile)) return undefined;
  const owner = read<Owner>(ownerFile);
  return owner.stateDir === stateDir ? undefined : owner;
}

function hasProcesses(owner: Owner): boolean {
  const pids = join(owner.stateDir, 'pids');
  const programs = existsSync(pids) ? readdirSync(pids).map((file) => read<Running>(join(pids, file))) : [];
  return [owner, ...programs].some(isRunning);
}

/** Why no node can start here beside what there is; undefined when one can. */
export function otherCluster(): string | undefined {
  const owner = otherOwner();
  if (owner)
    return hasProcesses(owner)
      ? `the node of ${owner.stateDir} runs on this machine, which has room for one; stop it first, with make cluster-down there`
      : undefined;
  // KUBE- and CNI- chains are removed with the node, so it never starts beside another Kubernetes.
  return !existsSync(stateDir) && /^:(?:KUBE|CNI)-\S+/m.test(attempt('iptables-save'))
    ? 'firewall chains of another Kubernetes are on this machine; use it with KUBECONFIG, or remove it first'
    : undefined;
}

/** Removes the node of another checkout whose processes were all killed. */
function removeDeadNode(owner: Owner): void {
  // What was mounted below it is still there when somebody has deleted the checkout.
  mkdirSync(owner.stateDir, { recursive: true });
  const env = { ...process.env, LOCAL_DIR: dirname(owner.stateDir) };
  const done = spawnSync(process.execPath, [join(import.meta.dirname, '..', 'cluster-down.ts')], { env, encoding: 'utf8' });
  if (done.status !== 0) throw new ServiceError(`the dead node of ${owner.stateDir} could not be removed: ${done.stderr.trim()}`);
}

/** From now on the machine's one node is ours. Before there is a state folder: only what has one is ever cleaned up. */
export function takeMachine(say: (text: string) => void): void {
  const obstacle = otherCluster();
  if (obstacle) throw new ServiceError(obstacle);
  const dead = otherOwner();
  if (dead) {
    say(`removing what a killed node left (${dead.stateDir})`);
    removeDeadNode(dead);
  }
  mkdirSync(stateDir, { recursive: true, mode: 0o711 });
  // In one step: half of it would be read by every later start, and end it.
  writeFileSync(`${ownerFile}.new`, JSON.stringify({ stateDir, ...identify(process.pid) } satisfies Owner));
  renameSync(`${ownerFile}.new`, ownerFile);
}

export function leaveMachine(): void {
  if (existsSync(ownerFile) && !otherOwner()) rmSync(ownerFile);
}

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ServiceError } from '../../process.ts';
import { ensureTool } from '../tools.ts';
import type { Say } from './progress.ts';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..', '..');
const chart = join(root, 'chart');
const readyDeadlineMs = 300_000;
const pollMs = 500;

export const RELEASE = 'chatcluster-operator';
export const OPERATOR_NAMESPACE = 'chatcluster-system';
export const NAMESPACE = 'chat';
export const NAME = 'chat';

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/** A program of the tools against one cluster. */
export async function onCluster(kubeconfig: string, tool: 'kubectl' | 'helm', ...args: string[]): Promise<string> {
  try {
    return (await execute(await ensureTool(tool), ['--kubeconfig', kubeconfig, ...args], { maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw new ServiceError(`${tool} ${args.slice(0, 3).join(' ')} failed: ${(stderr || message).trim()}`, { cause: error });
  }
}

async function apply(kubeconfig: string, object: unknown): Promise<void> {
  const child = spawn(await ensureTool('kubectl'), ['--kubeconfig', kubeconfig, 'apply', '--server-side', '--force-conflicts', '-f', '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (complaint += part));
  child.stdin.end(JSON.stringify(object));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new ServiceError(`the ChatCluster was refused: ${complaint.trim()}`);
}

export interface Installation {
  kubeconfig: string;
  /** Tag of the server's and of the operator's image. */
  versions: { server: string; operator: string };
  /** In front of the names of all images; undefined: the nodes have them. */
  registry?: string;
  /** How people reach it; undefined: the cluster has no way in that we know. */
  access?: { host: string; allowedOrigins?: string[]; ingress: { className?: string } };
}

/** The operator, by its chart. */
export async function installChart({ kubeconfig, versions, registry }: Installation): Promise<void> {
  if (!existsSync(join(chart, 'Chart.yaml'))) throw new ServiceError('chart/ is missing: the checkout is not complete');
  const image = (name: string) => `${registry ? `${registry}/` : ''}chatcluster/${name}`;
  const values = {
    'image.repository': image('operator'),
    'image.tag': versions.operator,
    'defaults.version': versions.server,
    'defaults.serverImage': image('server'),
    'defaults.postgresImage': image('postgres:18'),
    'defaults.redisImage': image('redis:7'),
  };
  const set = Object.entries(values).flatMap(([name, value]) => ['--set-string', `${name}=${value}`]);
  const where = ['--namespace', OPERATOR_NAMESPACE, '--create-namespace', '--wait', '--timeout', '3m'];
  try {
    await onCluster(kubeconfig, 'helm', 'upgrade', '--install', RELEASE, chart, ...where, ...set);
  } catch (error) {
    const pods = await onCluster(kubeconfig, 'kubectl', '-n', OPERATOR_NAMESPACE, 'get', 'pods');
    throw new ServiceError(`${(error as Error).message}\n${pods}more: kubectl -n ${OPERATOR_NAMESPACE} describe pods`, { cause: error });
  }
}

/** The smallest one, with a way in, and with guests: load generators come as such. */
export async function applyChatCluster({ kubeconfig, access }: Installation): Promise<void> {
  await apply(kubeconfig, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await apply(kubeconfig, {
    apiVersion: 'chatcluster.dev/v1beta1',
    kind: 'ChatCluster',
    metadata: { name: NAME, namespace: NAMESPACE },
    spec: { database: { evaluation: {} }, redis: { managed: {} }, auth: { guests: { enabled: true } }, ...(access ? { access } : {}) },
  });
}

interface Status {
  metadata: { generation: number };
  status?: { observedGeneration?: number; version?: string; conditions?: Condition[]; url?: string };
}

/** One line on what it waits for: the first condition that says what is wrong or under way. */
function describe({ status }: Status): string {
  const conditions = status?.conditions ?? [];
  const found =
    conditions.find(({ type, status: value }) => type === 'Stalled' && value === 'True') ?? conditions.find(({ type }) => type === 'Ready');
  return found ? `${found.reason ?? found.type}: ${found.message ?? ''}` : 'the operator has not seen it yet';
}

function isReady({ metadata, status }: Status, version: string): boolean {
  const ready = status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
  return ready && status?.observedGeneration === metadata.generation && status?.version === version;
}

/** Waits until the ChatCluster runs the version; says what it waits for whenever that changes. */
export async function untilReady({ kubeconfig, versions }: Installation, say: Say): Promise<void> {
  const end = Date.now() + readyDeadlineMs;
  let said = '';
  for (;;) {
    const cluster = JSON.parse(await onCluster(kubeconfig, 'kubectl', '-n', NAMESPACE, 'get', 'chatcluster', NAME, '-o', 'json')) as Status;
    if (isReady(cluster, versions.server)) return;
    const now = describe(cluster);
    if (now !== said) say(`waiting: ${now}`);
    said = now;
    if (Date.now() > end) {
      const pods = await onCluster(kubeconfig, 'kubectl', '-n', NAMESPACE, 'get', 'pods');
      throw new ServiceError(
        `the ChatCluster is not Ready after ${readyDeadlineMs / 1_000} s: ${now}\n${pods}\nmore: kubectl -n ${NAMESPACE} describe chatcluster ${NAME}`,
      );
    }
    await delay(pollMs);
  }
}

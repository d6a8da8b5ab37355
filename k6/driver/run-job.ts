import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { renderJob } from '../job.ts';
import type { Env } from '../lib/settings.ts';
import type { Report } from '../lib/summary.ts';
import { buildK6Image, loadImage } from './image.ts';
import type { K6Result } from './k6-process.ts';
import { type KubernetesTarget, TargetError } from './target.ts';

const run = promisify(execFile);
const START_DEADLINE_MS = 120_000;
const POLL_MS = 500;

export interface JobRun {
  k6: string;
  scenario: string;
  env: Env;
  /** Where the image's archive is written. */
  imageDir: string;
  /** Given: the nodes pull it. */
  image: string | undefined;
  kubernetes: KubernetesTarget;
  say(text: string): void;
}

interface PodStatus {
  phase?: string;
  containerStatuses?: { state: { waiting?: { reason: string; message?: string }; terminated?: { exitCode: number } } }[];
}

/** What a pod waits for that will not come by itself. */
export function obstacleOf({ containerStatuses = [] }: PodStatus): string | undefined {
  const waiting = containerStatuses[0]?.state.waiting;
  return waiting && /Err|BackOff|Invalid/.test(waiting.reason) ? `${waiting.reason} ${waiting.message ?? ''}`.trim() : undefined;
}

function createKubectl(program: string, { kubeconfig, namespace }: KubernetesTarget) {
  const flags = ['--kubeconfig', kubeconfig, '--namespace', namespace];
  return {
    call: async (...args: string[]) => (await run(program, [...flags, ...args], { maxBuffer: 2 ** 26 })).stdout.trim(),
    async apply(objects: object[]) {
      const child = spawn(program, [...flags, 'apply', '--server-side', '--force-conflicts', '-f', '-'], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      child.stdin.end(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new TargetError('the Job was refused; the message above says why');
    },
  };
}
type Kubectl = ReturnType<typeof createKubectl>;

/** Gives the exit code of k6. */
async function untilEnded(kubectl: Kubectl, job: string): Promise<number> {
  const startBy = Date.now() + START_DEADLINE_MS;
  for (;;) {
    const list = JSON.parse(await kubectl.call('get', 'pods', '-l', `job-name=${job}`, '-o', 'json')) as { items: { status: PodStatus }[] };
    const status = list.items[0]?.status ?? {};
    const ended = status.containerStatuses?.[0]?.state.terminated;
    if (ended) return ended.exitCode;
    const obstacle = obstacleOf(status);
    if (obstacle) throw new TargetError(`the pod of job/${job} cannot start: ${obstacle}`);
    if (status.phase !== 'Running' && Date.now() > startBy)
      throw new TargetError(`job/${job} has not started; see: kubectl describe job ${job}`);
    await delay(POLL_MS);
  }
}

/** The last line of the log is the JSON; what is before is for people. */
export function splitLog(log: string): { text: string; report: Report | undefined } {
  const lines = log.trimEnd().split('\n');
  const last = lines.at(-1) ?? '';
  if (!last.startsWith('{"scenario":')) return { text: log, report: undefined };
  return { text: lines.slice(0, -1).join('\n'), report: JSON.parse(last) as Report };
}

/** The scenario beside the pods: no ingress and no network of ours between. */
export async function runJob(options: JobRun): Promise<K6Result> {
  const { k6, scenario, env, kubernetes, say } = options;
  const kubectl = createKubectl(await ensureTool('kubectl'), kubernetes);
  if (!options.image) {
    const image = await buildK6Image(k6, options.imageDir);
    if (!(await loadImage(image, kubernetes.target)))
      say(`the nodes must be able to pull ${image.name} (archive: ${image.file}), or give K6_IMAGE`);
  }
  const objects = renderJob({ scenario, cluster: kubernetes.name, namespace: kubernetes.namespace, image: options.image, env });
  const job = `${kubernetes.name}-k6-${scenario}`;
  // A Job cannot be changed; an earlier run of the scenario makes way.
  await kubectl.call('delete', 'job', job, '--ignore-not-found', '--wait');
  await kubectl.apply(objects);
  say(`job/${job} runs in namespace ${kubernetes.namespace}`);
  const exitCode = await untilEnded(kubectl, job);
  const { text, report } = splitLog(await kubectl.call('logs', `job/${job}`));
  say(text);
  return { exitCode, report };
}

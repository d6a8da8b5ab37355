import { readdirSync, readFileSync } from 'node:fs';
import { createKubectl, type Kubectl } from './kubectl.ts';
import { type KubernetesCluster, readCluster, type Target } from './target.ts';

const REQUEST_MS = 900;
/** Linux reports CPU time in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;

export interface PodSample {
  connections?: number;
  /** Since the process began. */
  cpuMs?: number;
  rssBytes?: number;
  /** Open files and sockets. */
  descriptors?: number;
  eventLoopUtilization?: number;
  loopLagP99Ms?: number;
}

export type Sample = Record<string, PodSample>;

/** CPU and memory of a process of this machine; nothing when it is gone. */
function readProcess(pid: number | null): PodSample {
  if (pid === null) return {};
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    // Killed and not yet buried: no memory, and no figures.
    if (pages === 0) return {};
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS, rssBytes: pages * PAGE_BYTES, descriptors };
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return {};
    throw error;
  }
}

type PodMetrics = Pick<PodSample, 'connections' | 'eventLoopUtilization' | 'loopLagP99Ms'>;

/** A pod that is dead or frozen has no figures, and that is a figure too. */
async function readMetrics(adminUrl: string): Promise<PodSample> {
  try {
    const answer = await fetch(`${adminUrl}/metrics.json`, { signal: AbortSignal.timeout(REQUEST_MS) });
    return pick((await answer.json()) as PodMetrics);
  } catch {
    return {};
  }
}

/** The process's own figures in the Prometheus text, where /proc is out of reach. */
async function readPrometheus(adminUrl: string): Promise<PodSample> {
  try {
    const answer = await fetch(`${adminUrl}/metrics`, { signal: AbortSignal.timeout(REQUEST_MS) });
    return parsePrometheus(await answer.text());
  } catch {
    return {};
  }
}

const pick = ({ connections, eventLoopUtilization, loopLagP99Ms }: PodMetrics): PodSample => ({
  connections,
  eventLoopUtilization,
  loopLagP99Ms,
});

export function parsePrometheus(text: string): PodSample {
  const value = (name: string) => {
    const found = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const cpuSeconds = value('process_cpu_seconds_total');
  return {
    cpuMs: cpuSeconds === undefined ? undefined : cpuSeconds * 1_000,
    rssBytes: value('process_resident_memory_bytes'),
    descriptors: value('process_open_fds'),
  };
}

async function sampleKubernetes(kubectl: Kubectl, { namespace, name }: KubernetesCluster): Promise<Sample> {
  try {
    const selector = `app.kubernetes.io/instance=${name},app.kubernetes.io/component=realtime`;
    const names = (await kubectl('get', 'pods', '-l', selector, '-o', 'name')).split('\n').filter(Boolean);
    const samples = names.map(async (pod): Promise<[string, PodSample]> => {
      const id = pod.replace('pod/', '');
      const path = `/api/v1/namespaces/${namespace}/pods/${id}:9090/proxy`;
      const [json, text] = await Promise.all([kubectl('get', '--raw', `${path}/metrics.json`), kubectl('get', '--raw', `${path}/metrics`)]);
      return [id, { ...pick(JSON.parse(json) as PodMetrics), ...parsePrometheus(text) }];
    });
    const settled = await Promise.allSettled(samples);
    return Object.fromEntries(settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
  } catch {
    // The API server may be one of the things that are being broken; the load goes on without these curves.
    return {};
  }
}

/** Asks all pods at once; the figures of one that does not answer are left out. */
export function createSampler(target: Target): () => Promise<Sample> {
  const { kubernetes, local } = target;
  if (kubernetes) {
    const kubectl = createKubectl(kubernetes);
    return () => sampleKubernetes(kubectl, kubernetes);
  }
  return async () => {
    // Pids change when a part is restarted.
    const pods = local ? (readCluster(local.file)?.pods ?? target.pods) : target.pods;
    const samples = pods.map(async ({ id, adminUrl, pid }): Promise<[string, PodSample]> => {
      const own = pid === null ? await readPrometheus(adminUrl) : readProcess(pid);
      return [id, { ...(await readMetrics(adminUrl)), ...own }];
    });
    return Object.fromEntries(await Promise.all(samples));
  };
}

import { setTimeout as pause } from 'node:timers/promises';
import { createKubectl, type Kubectl } from '../kubectl.ts';
import { LoadError } from '../rest.ts';
import type { KubernetesCluster } from '../target.ts';
import type { Inject } from './local.ts';
import type { FaultKind, PlannedFault } from './plan.ts';
import { forwardToRedis, askRedis } from './redis.ts';

const TIMEOUT = '180s';

const available: FaultKind[] = ['pod-kill', 'rolling-restart', 'scale', 'redis-kill', 'redis-flush', 'postgres-kill'];

export interface KubernetesTools {
  kubectl: Kubectl;
  flush(pod: string, password: string): Promise<void>;
}

function createTools(cluster: KubernetesCluster): KubernetesTools {
  return {
    kubectl: createKubectl(cluster),
    async flush(pod, password) {
      using forwarded = await forwardToRedis(cluster, pod);
      await askRedis(`redis://:${encodeURIComponent(password)}@127.0.0.1:${forwarded.port}`, ['FLUSHALL']);
    },
  };
}

/** Faults for the pods of one ChatCluster. The operator and Kubernetes bring back what is broken. */
export function createKubernetesFaults(
  cluster: KubernetesCluster,
  { kubectl, flush }: KubernetesTools = createTools(cluster),
): { available: FaultKind[]; inject: Inject } {
  const selector = (component: string) => `app.kubernetes.io/instance=${cluster.name},app.kubernetes.io/component=${component}`;
  const podsOf = async (component: string) =>
    (await kubectl('get', 'pods', '-l', selector(component), '-o', 'name')).split('\n').filter(Boolean);
  const ready = (component: string) => kubectl('wait', '--for=condition=Ready', 'pod', '-l', selector(component), `--timeout=${TIMEOUT}`);

  /** Without grace: the process is killed, as when its node dies. */
  async function deletePod(component: string, pick: number): Promise<string> {
    const pods = await podsOf(component);
    if (pods.length === 0) throw new LoadError(`no pod of ${component} runs in ${cluster.namespace}`);
    const pod = pods[pick % pods.length]!;
    await kubectl('delete', pod, '--grace-period=0', '--force', '--wait=true');
    await ready(component);
    return pod;
  }

  async function passwordOf(pod: string): Promise<string> {
    const secret = await kubectl('get', pod, '-o', 'jsonpath={.spec.volumes[?(@.name=="config")].secret.secretName}');
    return Buffer.from(await kubectl('get', 'secret', secret, '-o', 'jsonpath={.data.password}'), 'base64').toString();
  }

  async function rollingRestart(): Promise<string> {
    const deployments = (await kubectl('get', 'deployments', '-l', selector('realtime'), '-o', 'name')).split('\n').filter(Boolean);
    for (const each of deployments) {
      await kubectl('rollout', 'restart', each);
      await kubectl('rollout', 'status', each, `--timeout=${TIMEOUT}`);
    }
    return deployments.join(', ');
  }

  /** Two more pods for a while; the number of before comes back even when the run is stopped. */
  async function scale(lastsMs: number, signal: AbortSignal): Promise<string> {
    const resource = `chatcluster/${cluster.name}`;
    const before = Number(await kubectl('get', resource, '-o', 'jsonpath={.spec.replicas}')) || 2;
    const set = async (count: number) => {
      await kubectl('scale', resource, `--replicas=${count}`);
      await kubectl('wait', `--for=jsonpath={.status.readyReplicas}=${count}`, resource, `--timeout=${TIMEOUT}`);
    };
    try {
      await set(before + 2);
      await pause(lastsMs, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await set(before);
    }
    return `${before} to ${before + 2} to ${before}`;
  }

  async function inject({ kind, pick, lastsMs }: PlannedFault, signal: AbortSignal): Promise<string> {
    switch (kind) {
      case 'pod-kill':
        return await deletePod('realtime', pick);
      case 'rolling-restart':
        return await rollingRestart();
      case 'scale':
        return await scale(lastsMs, signal);
      case 'redis-kill':
        return await deletePod('redis', pick);
      case 'postgres-kill':
        return await deletePod('postgres', pick);
      case 'redis-flush': {
        const [pod] = await podsOf('redis');
        if (!pod) throw new LoadError('the Redis of this ChatCluster is not one of its pods');
        await flush(pod, await passwordOf(pod));
        return pod;
      }
      default:
        throw new LoadError(`${kind} is not a fault of Kubernetes pods`);
    }
  }
  return { available, inject };
}

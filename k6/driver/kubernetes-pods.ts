import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { type KubernetesTarget, TargetError } from './target.ts';

const run = promisify(execFile);
const SCALE_TIMEOUT = '180s';
const ADMIN_PORT = 9090;

interface PodList {
  items: { metadata: { name: string; deletionTimestamp?: string } }[];
}

/** The API server reaches the admin ports of pods; this gives its way to them a local address without credentials. */
async function startProxy(kubectl: string, kubeconfig: string): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(kubectl, ['--kubeconfig', kubeconfig, 'proxy', '--port=0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')])) as [Buffer | number];
  const port = /127\.0\.0\.1:(\d+)/.exec(String(line))?.[1];
  if (!port) throw new TargetError(`kubectl proxy did not start: ${String(line)}`);
  return { url: `http://127.0.0.1:${port}`, child };
}

/** Sets the number of realtime pods through the ChatCluster's `/scale`, and sets it back at the end. */
export async function createKubernetesPods({ kubeconfig, namespace, name }: KubernetesTarget, urls: string[], say: (text: string) => void) {
  const kubectl = await ensureTool('kubectl');
  const call = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(kubectl, ['--kubeconfig', kubeconfig, '--namespace', namespace, ...args]);
    return stdout.trim();
  };
  const resource = `chatcluster/${name}`;
  const engine = await call('get', resource, '-o', 'jsonpath={.spec.autoscaling.engine}');
  if (!['Disabled', 'External'].includes(engine)) {
    throw new TargetError(
      `${resource} scales itself (engine ${engine || 'Operator'}); for this measurement: kubectl -n ${namespace} patch ${resource} --type merge -p '{"spec":{"autoscaling":{"engine":"Disabled"}}}'`,
    );
  }
  const before = await call('get', resource, '-o', 'jsonpath={.spec.replicas}');
  const proxy = await startProxy(kubectl, kubeconfig);
  const scale = async (count: string) => {
    await call('scale', resource, `--replicas=${count}`);
    await call('wait', `--for=jsonpath={.status.readyReplicas}=${count}`, resource, `--timeout=${SCALE_TIMEOUT}`);
  };
  const adminUrls = async () => {
    const selector = `app.kubernetes.io/instance=${name},app.kubernetes.io/component=realtime`;
    const found = JSON.parse(await call('get', 'pods', '-l', selector, '--field-selector=status.phase=Running', '-o', 'json')) as PodList;
    // One that is on its way out would take its figures with it in the middle of a step.
    const pods = found.items.filter(({ metadata }) => !metadata.deletionTimestamp).map(({ metadata }) => metadata.name);
    return pods.map((pod) => `${proxy.url}/api/v1/namespaces/${namespace}/pods/${pod}:${ADMIN_PORT}/proxy`);
  };
  return {
    async use(count: number) {
      say(`scaling ${resource} to ${count}`);
      await scale(String(count));
      return { urls, adminUrls: await adminUrls() };
    },
    async [Symbol.asyncDispose]() {
      proxy.child.kill();
      await scale(before || '2');
    },
  };
}

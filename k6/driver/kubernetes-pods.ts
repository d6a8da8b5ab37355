import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { type KubernetesTarget, TargetError } from './target.ts';

const run = promisify(execFile);
const SCALE_TIMEOUT = '180s';

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
  const scale = async (count: string) => {
    await call('scale', resource, `--replicas=${count}`);
    await call('wait', `--for=jsonpath={.status.readyReplicas}=${count}`, resource, `--timeout=${SCALE_TIMEOUT}`);
  };
  return {
    async use(count: number) {
      say(`scaling ${resource} to ${count}`);
      await scale(String(count));
      return { urls, adminUrls: [] };
    },
    async [Symbol.asyncDispose]() {
      await scale(before || '2');
    },
  };
}

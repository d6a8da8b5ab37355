import type { Pod } from '../gather/pods.ts';

const ofServer = new Set(['realtime', 'api', 'worker', 'migrate', 'backup', 'restore']);

/** Why a pod does not start, and what to do about it. */
export function explainTrouble(pod: Pod): string {
  const { reason = 'Unknown', message = '' } = pod.trouble ?? {};
  const what = message ? `${reason}, ${message}` : reason;
  return `${what.replace(/[.\s]+$/, '')}. ${nextStep(pod, reason)}`;
}

function nextStep({ metadata: { name, namespace }, component }: Pod, reason: string): string {
  switch (reason) {
    case 'ErrImagePull':
    case 'ImagePullBackOff':
    case 'ErrImageNeverPull':
    case 'InvalidImageName':
      return ofServer.has(component)
        ? 'See that spec.version and spec.image name an image that the nodes can pull, with spec.image.pullSecrets where the registry asks for a password.'
        : "See that the operator's defaults.postgresImage and defaults.redisImage name images that the nodes can pull.";
    case 'CrashLoopBackOff':
      return `See "kubectl logs -n ${namespace} ${name} --previous".`;
    case 'CreateContainerConfigError':
      return 'Create what it names; the pod then starts by itself.';
    case 'Unschedulable':
      return 'Add nodes, lower the requests in spec.roles, or loosen spec.podTemplate.';
    default:
      return `See "kubectl describe pod -n ${namespace} ${name}".`;
  }
}

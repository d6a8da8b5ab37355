import type { Observed, Problem } from '../gather/observed.ts';
import { findHold } from './restores.ts';
import { listReferencedSecrets, type SecretUse } from '../gather/referenced-secrets.ts';

/** What is known to be in the way before anything is applied. Each message ends with what to do. */
export function listProblems(observed: Observed): Problem[] {
  return [...listMissingApis(observed), ...listSecretProblems(observed), ...listFailedRestores(observed)];
}

function listFailedRestores(observed: Observed): Problem[] {
  const hold = findHold(observed);
  return hold?.reason === 'RestoreFailed' ? [{ about: 'objects', ...hold }] : [];
}

function listMissingApis({ spec, capabilities }: Observed): Problem[] {
  const problems: Problem[] = [];
  if (spec.database.cloudNativePG && !capabilities.cloudNativePG) {
    problems.push({
      about: 'database',
      reason: 'CloudNativePGMissing',
      message:
        'spec.database.cloudNativePG needs the CloudNativePG operator, which this cluster lacks. Install it; it is found within a minute.',
    });
  }
  if (spec.access.gateway && !capabilities.gatewayApi) {
    problems.push({
      about: 'route',
      reason: 'GatewayApiMissing',
      message: 'spec.access.gateway needs the Gateway API, which this cluster lacks. Install its CRDs, or use spec.access.ingress.',
    });
  }
  if (spec.autoscaling.engine === 'KEDA' && !capabilities.keda) {
    problems.push({
      about: 'autoscaling',
      reason: 'KedaMissing',
      message: 'spec.autoscaling.engine KEDA needs KEDA, which this cluster lacks. Install it, or use the engine Operator.',
    });
  }
  const wantsMonitor = spec.monitoring.serviceMonitor === 'Enabled' && !capabilities.serviceMonitor;
  const wantsRules = spec.monitoring.rules === 'Enabled' && !capabilities.prometheusRule;
  if (wantsMonitor || wantsRules) {
    problems.push({
      about: 'objects',
      reason: 'PrometheusOperatorMissing',
      message: 'spec.monitoring asks for objects of the Prometheus operator, which this cluster lacks. Install it, or write Auto.',
    });
  }
  return problems;
}

function listSecretProblems({ spec, secrets, pods, cluster }: Observed): Problem[] {
  const uses = listReferencedSecrets(spec);
  const { namespace } = cluster.metadata;
  if (secrets === undefined) {
    // Not allowed to look: the pods that wait for it tell.
    const complaints = pods.flatMap(({ trouble }) => (trouble?.reason === 'CreateContainerConfigError' ? [trouble.message] : []));
    return uses.filter(({ name }) => complaints.some((text) => text.includes(`secret "${name}"`))).map((use) => missing(use, namespace));
  }
  return uses.flatMap((use) => {
    const secret = secrets.get(use.name);
    if (secret === undefined) return [missing(use, namespace)];
    return use.keys
      .filter((key) => !secret.keys.includes(key))
      .map((key) => ({
        about: aboutOf(use),
        reason: 'SecretKeyMissing',
        message: `Secret ${use.name} in namespace ${namespace} has no key "${key}", which ${use.field} needs. Add the key, or name another one.`,
      }));
  });
}

function missing(use: SecretUse, namespace: string): Problem {
  const keys = use.keys.map((key) => `the key "${key}"`).join(' and ');
  return {
    about: aboutOf(use),
    reason: 'SecretMissing',
    message: `Secret ${use.name} does not exist in namespace ${namespace}; ${use.field} names it. Create it with ${keys}.`,
  };
}

function aboutOf({ field }: SecretUse): Problem['about'] {
  if (field.startsWith('spec.database.')) return 'database';
  return field.startsWith('spec.redis.') ? 'redis' : 'secrets';
}

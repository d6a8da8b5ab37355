import { names } from '@chatcluster/cdk8s/names';
import { readDeployment } from '../decide/deployment-state.ts';
import { explainTrouble } from '../decide/trouble.ts';
import type { Child } from '../gather/lean.ts';
import { type Finding, no, problemAbout, unknown, type View, yes } from './view.ts';

export function databaseReady(view: View): Finding {
  const problem = problemAbout(view, 'database');
  if (problem) return no(problem.reason, problem.message);
  const { cluster, spec, children } = view.observed;
  const name = names(cluster.metadata).postgres;
  if (spec.database.evaluation) return serverReady(view, 'postgres', [children.get(`StatefulSet/${name}`)]);
  if (spec.database.cloudNativePG) return cloudNativePGReady(children.get(`Cluster/${name}`), spec.database.cloudNativePG.instances);
  return externalReady(view, 'the database');
}

export function redisReady(view: View): Finding {
  const problem = problemAbout(view, 'redis');
  if (problem) return no(problem.reason, problem.message);
  const { cluster, spec, children } = view.observed;
  const own = names(cluster.metadata);
  if (!spec.redis.managed) return externalReady(view, 'Redis');
  const shards = Array.from({ length: spec.redis.managed.shards }, (_, index) => children.get(`StatefulSet/${own.redis(index)}`));
  return serverReady(view, 'redis', shards);
}

const titles = { postgres: 'Postgres', redis: 'Redis' };

function serverReady({ observed }: View, component: 'postgres' | 'redis', servers: (Child | undefined)[]): Finding {
  const title = titles[component];
  const ready = servers.filter((server) => server && readDeployment(server).ready > 0).length;
  if (ready === servers.length) return yes('Ready', `${title} is ready.`);
  const pod = observed.pods.find((one) => one.component === component && one.trouble);
  if (pod?.trouble) return no(pod.trouble.reason, `A pod of ${title} does not start: ${explainTrouble(pod)}`);
  return no(
    'Starting',
    `${ready} of ${servers.length} servers of ${title} are ready; wait, or see its pods with label app.kubernetes.io/component=${component}.`,
  );
}

interface CnpgStatus {
  readyInstances?: number;
  phase?: string;
  phaseReason?: string;
}

function cloudNativePGReady(cluster: Child | undefined, instances: number): Finding {
  const { readyInstances = 0, phase, phaseReason } = (cluster?.status ?? {}) as CnpgStatus;
  const detail = [phase, phaseReason].filter(Boolean).join(': ');
  if (readyInstances >= instances) return yes('Ready', `${readyInstances} of ${instances} instances are ready.`);
  // One instance answers; the others only make it safe.
  if (readyInstances > 0) return yes('PartlyReady', `${readyInstances} of ${instances} instances are ready. ${detail}`);
  return no('Starting', `No instance is ready yet. ${detail || 'CloudNativePG has not reported on it.'}`);
}

/** The operator does not connect to it itself: the server's own pods tell. */
function externalReady({ release, deployments, observed }: View, what: string): Finding {
  if ((deployments.realtime?.ready ?? 0) > 0) return yes('InUse', `Pods are ready, so they reach ${what}.`);
  const { phase, message } = release.migration;
  if (phase === 'Failed') return no('MigrationFailed', `The migration could not use ${what}, or failed for another reason. ${message}`);
  const pod = observed.pods.find(({ trouble }) => trouble);
  return unknown('NotUsedYet', pod ? `Pods do not start: ${explainTrouble(pod)}` : `No pod has used ${what} yet.`);
}

import { setTimeout as delay } from 'node:timers/promises';
import { names } from '@chatcluster/cdk8s/names';
import { recommend } from '../autoscale/recommend.ts';
import {
  type Candidate,
  type CostChange,
  deletionCostAnnotation,
  planCurrentCosts,
  planVictimCosts,
  selectVictims,
  verifyVictims,
} from '../autoscale/victims.ts';
import { readDeployment } from '../decide/deployment-state.ts';
import type { Observed } from '../gather/observed.ts';
import { measureStart, type Pod } from '../gather/pods.ts';
import { isNotFound } from '../runtime/errors.ts';
import type { KubeObject } from '../runtime/object.ts';
import { isNewer } from '../runtime/resource-version.ts';
import type { ReconcileDeps } from './deps.ts';
import { autoscalerName, deployments, pods as podResource } from './kinds.ts';
import type { Memo } from './memo.ts';

/** Until pods were measured. */
const assumedStartSeconds = 5;
/** A scale-down that nobody saw the end of. */
const verifyMs = 10 * 60_000;
/** The controller that picks the pods sees their costs by a watch of its own; a busy one may be behind. */
const costsSettleMs = 5_000;

export interface ScalePass {
  deps: ReconcileDeps;
  observed: Observed;
  memo: Memo;
  isFresh: boolean;
  /** Objects that this pass wrote, which the cache does not have yet. */
  written: readonly KubeObject[];
  signal: AbortSignal;
}

/** Brings the realtime Deployment to the wanted number; gives when it was changed. */
export async function scale(pass: ScalePass): Promise<number | undefined> {
  verifyLastScaleDown(pass);
  const current = currentReplicas(pass);
  if (current === undefined) return undefined;
  const target = planTarget(pass, current);
  const candidates = listCandidates(pass.observed);
  const { engine } = pass.observed.spec.autoscaling;
  if (target === current) {
    if (pass.isFresh && (engine === 'HPA' || engine === 'KEDA')) await writeCosts(pass, planCurrentCosts(candidates));
    return undefined;
  }
  if (target < current) await prepareScaleDown(pass, candidates, current - target);
  await writeReplicas(pass, target);
  tell(pass, current, target);
  return pass.observed.nowMs;
}

function realtime({ observed: { cluster } }: Pick<ScalePass, 'observed'>): string {
  return names(cluster.metadata).realtime;
}

/** What was written last counts for as long as the cache is behind it. */
function currentReplicas({ observed, memo, written }: ScalePass): number | undefined {
  const name = realtime({ observed });
  const fresh = written.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);
  if (fresh) return (fresh as KubeObject & { spec?: { replicas?: number } }).spec?.replicas ?? 1;
  const child = observed.children.get(`Deployment/${name}`);
  if (child === undefined || child.metadata.deletionTimestamp) return undefined;
  if (memo.scale && isNewer(memo.scale.version, child.metadata.resourceVersion)) return memo.scale.replicas;
  return child.replicas ?? 1;
}

function planTarget({ observed, memo, isFresh }: ScalePass, current: number): number {
  const { spec, cluster, nowMs } = observed;
  const { engine, minReplicas, maxReplicas } = spec.autoscaling;
  const clamp = (replicas: number) => Math.min(maxReplicas, Math.max(minReplicas, replicas));
  const child = observed.children.get(`Deployment/${realtime({ observed })}`);
  if (engine !== 'Operator' && engine !== 'KEDA') return spec.replicas;
  if (isFresh && child) {
    memo.recommendation = recommend(memo.history, observe(observed, current, !readDeployment(child).isRolledOut), spec.autoscaling, nowMs);
    // KEDA only asks for the number; it decides itself, and writes it through /scale.
    if (engine === 'Operator') memo.history = memo.recommendation.history;
  }
  if (engine === 'KEDA') return spec.replicas;
  // Before the first status about it, spec.replicas says where to start.
  if (cluster.status?.autoscaler === undefined) return clamp(spec.replicas);
  return isFresh && memo.recommendation ? memo.recommendation.desired : clamp(current);
}

function observe({ pods, loads }: Observed, replicas: number, isRollingOut: boolean) {
  const present = pods.filter(isPresent);
  return {
    replicas,
    isRollingOut,
    podStartSeconds: measureStart(present, assumedStartSeconds),
    pods: present.map(({ metadata, isReady }) => {
      const load = loads.get(metadata.uid ?? '');
      return { name: metadata.name, isReady, ...(load && { load }) };
    }),
  };
}

function isPresent({ component, metadata }: Pod): boolean {
  return component === 'realtime' && !metadata.deletionTimestamp;
}

function listCandidates({ pods, loads }: Observed): Candidate[] {
  return pods.filter(isPresent).map(({ metadata, isReady, isScheduled, deletionCost }) => {
    const connections = loads.get(metadata.uid ?? '')?.connections;
    return {
      name: metadata.name,
      uid: metadata.uid ?? '',
      isReady,
      isScheduled,
      deletionCost,
      ...(connections !== undefined && { connections }),
    };
  });
}

async function prepareScaleDown(pass: ScalePass, candidates: Candidate[], count: number): Promise<void> {
  const victims = selectVictims(candidates, count);
  const changes = planVictimCosts(candidates, victims);
  await writeCosts(pass, changes);
  if (changes.length > 0) await delay(costsSettleMs, undefined, { signal: pass.signal });
  const leaving = new Set(victims.map(({ uid }) => uid));
  pass.memo.pending = { victims, keepers: candidates.filter(({ uid }) => !leaving.has(uid)), atMs: pass.observed.nowMs };
}

async function writeCosts({ deps, observed, signal }: ScalePass, changes: CostChange[]): Promise<void> {
  const { namespace } = observed.cluster.metadata;
  for (const { name, uid, cost } of changes) {
    const metadata = { uid, annotations: { [deletionCostAnnotation]: String(cost) } };
    try {
      await deps.client.patch(podResource, { namespace, name }, { metadata }, { fieldManager: autoscalerName, signal });
    } catch (error) {
      // It has left meanwhile.
      if (!isNotFound(error)) throw error;
    }
  }
}

async function writeReplicas({ deps, observed, memo, signal }: ScalePass, replicas: number): Promise<void> {
  const ref = { namespace: observed.cluster.metadata.namespace, name: realtime({ observed }) };
  const { metadata } = await deps.client.writeScale(deployments, ref, replicas, { fieldManager: autoscalerName, signal });
  memo.scale = { version: metadata.resourceVersion ?? '', replicas };
}

function tell({ deps, observed, memo }: ScalePass, from: number, to: number): void {
  const { engine } = observed.spec.autoscaling;
  const why = engine === 'Operator' && memo.recommendation ? `signal ${memo.recommendation.signal}` : 'spec.replicas';
  deps.events.record({
    regarding: observed.cluster,
    type: 'Normal',
    reason: 'Scaled',
    action: 'Scale',
    note: `Realtime pods: ${from} → ${to} (${why}).`,
  });
  deps.log.info({ key: `${observed.cluster.metadata.namespace}/${observed.cluster.metadata.name}`, from, to }, 'scaled');
}

/** Deletion costs are advice: whether they were followed is only known afterwards. */
function verifyLastScaleDown({ deps, observed, memo }: ScalePass): void {
  const { pending } = memo;
  if (pending === undefined) return;
  const present = new Set(observed.pods.filter(isPresent).map(({ metadata }) => metadata.uid ?? ''));
  const verdict = verifyVictims(pending, present);
  if (verdict.state === 'waiting' && observed.nowMs - pending.atMs < verifyMs) return;
  delete memo.pending;
  memo.unexpectedVictims = verdict.state === 'unexpected' ? verdict.names : [];
  if (verdict.state !== 'unexpected') return;
  const note = `${verdict.names.join(', ')} left in a scale-down in the place of ${pending.victims.map(({ name }) => name).join(', ')}, which had fewer connections.`;
  deps.events.record({ regarding: observed.cluster, type: 'Warning', reason: 'UnexpectedVictims', action: 'Scale', note });
}

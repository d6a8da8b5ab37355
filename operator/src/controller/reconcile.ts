import { names } from '@chatcluster/cdk8s/names';
import { type Applied, applyAll, deleteChild } from '../apply/apply-all.ts';
import { ensureSecrets } from '../apply/generated-secrets.ts';
import { findBackups } from '../decide/backups.ts';
import { readDeployment } from '../decide/deployment-state.ts';
import { factsFor } from '../decide/facts.ts';
import { listProblems } from '../decide/problems.ts';
import { planRelease, type ReleasePlan } from '../decide/release.ts';
import { renderDesired } from '../desired/render.ts';
import { type Gathered, gather } from '../gather/gather.ts';
import { hashOf } from '../gather/lean.ts';
import { withRestores } from '../gather/restores.ts';
import { type Observed, type Problem, serverRoles } from '../gather/observed.ts';
import type { Reconcile } from '../runtime/controller.ts';
import { buildStatus, roundConnections } from '../status/build.ts';
import type { View } from '../status/view.ts';
import { writeStatus } from '../status/write.ts';
import type { ReconcileDeps } from './deps.ts';
import { finalize, hasFinalizer, setFinalizer } from './finalize.ts';
import type { Memo } from './memo.ts';
import { scale } from './scale.ts';

/** What nobody's event tells: the end of a foreign object, of one that is being collected. */
const lookAgainMs = { problem: 60_000, waiting: 5_000 };
const connectionsEveryMs = 30_000;

interface Pass {
  deps: ReconcileDeps;
  key: string;
  memo: Memo;
  gathered: Gathered;
  observed: Observed;
  release: ReleasePlan;
  signal: AbortSignal;
}

interface Outcome {
  problems: Problem[];
  applied: Applied;
  scaledAtMs?: number;
}

const nothingApplied: Applied = { written: [], problems: [], waiting: [], errors: [] };

/** gather → decide → desired → apply → status. Level-based: it does not know what woke it. */
export function createReconcile(deps: ReconcileDeps): Reconcile {
  return async (key, signal) => {
    const cached = deps.watches.cluster(key);
    if (cached === undefined) {
      deps.memos.forget(key);
      deps.ledger.forget(key);
      return;
    }
    const memo = deps.memos.of(key, cached.metadata.uid);
    const gathered = await gather(deps, cached, memo, signal);
    const observed = await withRestores(deps.client, gathered.observed, signal);
    const pass: Pass = { deps, key, memo, gathered, observed, release: planRelease(observed), signal };
    const problems = listProblems(observed);
    if (cached.metadata.deletionTimestamp) {
      await report(pass, { problems, applied: nothingApplied });
      return finalize(deps, observed, signal);
    }
    if (observed.spec.paused) {
      await report(pass, { problems, applied: nothingApplied });
      return soonest(pass, nothingApplied, []);
    }
    const outcome = await act(pass, problems);
    await report(pass, outcome);
    // After the status: what is wrong is told even when it will be tried again.
    if (outcome.applied.errors.length > 0) throw outcome.applied.errors[0];
    return soonest(pass, outcome.applied, outcome.problems);
  };
}

async function act(pass: Pass, found: Problem[]): Promise<Outcome> {
  const { deps, observed, memo, signal } = pass;
  const errors: unknown[] = [];
  /** One step that fails keeps neither the others nor the status back. */
  const attempt: Attempt = async (step) => {
    try {
      return await step();
    } catch (error) {
      if (signal.aborted) throw error;
      errors.push(error);
      return undefined;
    }
  };
  // Without it a deletion would not be waited for, and without its password a database would be lost: nothing before these.
  if (!hasFinalizer(observed.cluster)) await attempt(() => setFinalizer(deps.client, observed.cluster, true, signal));
  const lost = errors.length === 0 ? await attempt(() => ensureSecrets({ deps, observed, memo, signal })) : undefined;
  if (lost === undefined) return { problems: found, applied: { ...nothingApplied, errors } };
  await attempt(() => retryMigration(pass));
  const applied = await apply(pass, attempt);
  const scaledAtMs = await attempt(() => scale({ deps, observed, memo, isFresh: pass.gathered.isFresh, written: applied.written, signal }));
  return {
    problems: [...found, ...lost, ...applied.problems],
    applied: { ...applied, errors: [...errors, ...applied.errors] },
    ...(scaledAtMs !== undefined && { scaledAtMs }),
  };
}

type Attempt = <T>(step: () => Promise<T>) => Promise<T | undefined>;

/** Rendering costs more than all the rest of a pass, so it is left out when nothing that it depends on has changed. */
async function apply({ deps, observed: seen, memo, release, signal }: Pass, attempt: Attempt): Promise<Applied> {
  const observed = {
    ...seen,
    ...(memo.redisSecret && { redisSecretVersion: memo.redisSecret.version }),
    ...(memo.adminLinkUrl !== undefined && { adminLinkUrl: memo.adminLinkUrl }),
  };
  const state = describeInputs(observed, release);
  if (memo.settled === state) {
    dropContents(observed);
    return nothingApplied;
  }
  delete memo.settled;
  const desired = await attempt(async () => renderDesired(observed, release));
  if (desired === undefined) return nothingApplied;
  const applied = await applyAll({ client: deps.client, ledger: deps.ledger, signal }, observed, desired);
  const isSettled = Object.values(applied).every((list) => list.length === 0);
  if (isSettled) {
    memo.settled = state;
    dropContents(observed);
  }
  return applied;
}

/** They were compared; only fingerprints are needed from now on. */
function dropContents({ children }: Observed): void {
  for (const child of children.values()) child.live = undefined;
}

function describeInputs(observed: Observed, release: ReleasePlan): string {
  const { cluster, spec, children } = observed;
  const { requested, effective, migration } = release;
  const facts = factsFor(observed, { version: requested, requested, applied: migration.phase === 'Succeeded' });
  const existing = [...children].map(([id, { fingerprint, metadata }]) => [id, fingerprint, metadata.uid, metadata.deletionTimestamp]);
  return hashOf([spec, facts, effective, cluster.status?.migration?.phase, migration.hold?.reason, observed.adminLinkUrl, existing]);
}

async function retryMigration({ deps, observed, memo, release, signal }: Pass): Promise<void> {
  const { version, action } = release.migration;
  if (action !== 'retry') return;
  const job = observed.children.get(`Job/${names(observed.cluster.metadata).migrate(version)}`);
  if (job === undefined) return;
  memo.migrationAttempts += 1;
  await deleteChild({ client: deps.client, signal }, job);
}

async function report(pass: Pass, { problems, applied, scaledAtMs }: Outcome): Promise<void> {
  const { deps, observed, memo, release, signal } = pass;
  const connections = sumConnections(pass);
  const view: View = {
    observed,
    release,
    problems,
    deployments: readDeployments(observed),
    unexpectedVictims: memo.unexpectedVictims,
    isApplied: applied.written.length === 0 && applied.errors.length === 0 && applied.waiting.length === 0,
    ...(applied.errors.length > 0 && { failure: describeError(applied.errors[0]) }),
    ...(memo.recommendation && { recommendation: memo.recommendation }),
    ...(scaledAtMs !== undefined && { scaledAtMs }),
    ...(connections !== undefined && { connections }),
  };
  await writeStatus(deps, observed.cluster, { status: buildStatus(view), memo }, signal);
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function readDeployments({ cluster, children }: Observed): View['deployments'] {
  const own = names(cluster.metadata);
  const found = serverRoles.flatMap((role) => {
    const child = children.get(`Deployment/${own[role]}`);
    return child ? [[role, readDeployment(child)] as const] : [];
  });
  return Object.fromEntries(found);
}

/** At most every 30 seconds, and none while a pod does not answer. */
function sumConnections({ gathered, memo, observed }: Pass): number | undefined {
  const { pods, loads, nowMs } = observed;
  const ready = pods.filter(({ component, isReady, metadata }) => component === 'realtime' && isReady && !metadata.deletionTimestamp);
  if (ready.length === 0) return 0;
  if (!gathered.isFresh || nowMs - memo.connectionsAtMs < connectionsEveryMs) return undefined;
  if (ready.some(({ metadata }) => !loads.has(metadata.uid ?? ''))) return undefined;
  memo.connectionsAtMs = nowMs;
  return roundConnections([...loads.values()].reduce((total, { connections }) => total + connections, 0));
}

/** Nobody tells of a backup that was not begun. A timer must not run for ever, so it looks once a day at least. */
function untilOverdue(observed: Observed): number | undefined {
  const { overdueAtMs } = findBackups(observed);
  const waitMs = overdueAtMs === undefined ? 0 : overdueAtMs - observed.nowMs;
  return waitMs > 0 ? Math.min(waitMs, 86_400_000) : undefined;
}

function soonest({ gathered, release, observed }: Pass, applied: Applied, problems: Problem[]): { requeueAfterMs?: number } {
  const { retryAtMs } = release.migration;
  const times = [
    gathered.nextReadingMs,
    retryAtMs === undefined ? undefined : Math.max(1_000, retryAtMs - observed.nowMs),
    problems.length > 0 ? lookAgainMs.problem : undefined,
    applied.waiting.length > 0 ? lookAgainMs.waiting : undefined,
    untilOverdue(observed),
  ].filter((time) => time !== undefined);
  return times.length > 0 ? { requeueAfterMs: Math.min(...times) } : {};
}

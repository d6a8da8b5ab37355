import type { ChatClusterStatus, Condition, ConditionType } from '../api/index.ts';
import type { Recommendation } from '../autoscale/types.ts';
import type { DeploymentState } from '../decide/deployment-state.ts';
import type { ReleasePlan } from '../decide/release.ts';
import type { Observed, Problem, ServerPodRole } from '../gather/observed.ts';

/** What a condition says, before it is dated. */
export interface Finding {
  status: Condition['status'];
  reason: string;
  message: string;
}

/** What the conditions are made from. */
export interface View {
  observed: Observed;
  release: ReleasePlan;
  problems: readonly Problem[];
  /** Deployments of the server that exist. */
  deployments: Partial<Record<ServerPodRole, DeploymentState>>;
  recommendation?: Recommendation;
  /** When the number of pods was changed last, if by this pass. */
  scaledAtMs?: number;
  /** Pods that left in a scale-down in the place of those with the fewest connections. */
  unexpectedVictims: readonly string[];
  /** Sum over pods that answered; undefined: nothing new to tell. */
  connections?: number;
  /** Whether everything that is wanted was applied. */
  isApplied: boolean;
  /** What went wrong in this pass and will be tried again. */
  failure?: string;
}

export type Findings = Record<ConditionType, Finding>;
export type { ChatClusterStatus };

export const yes = (reason: string, message: string): Finding => ({ status: 'True', reason, message });
export const no = (reason: string, message: string): Finding => ({ status: 'False', reason, message });
export const unknown = (reason: string, message: string): Finding => ({ status: 'Unknown', reason, message });

export function problemAbout({ problems }: View, about: Problem['about']): Problem | undefined {
  return problems.find((problem) => problem.about === about);
}

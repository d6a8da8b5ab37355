import type { ChatCluster, ChatClusterRestore, ResolvedSpec } from '../api/index.ts';
import type { PodLoad } from '../autoscale/types.ts';
import type { Config } from '../config.ts';
import type { Capabilities } from '../controller/kinds.ts';
import type { Child } from './lean.ts';
import type { Pod } from './pods.ts';
import type { SecretDigest } from './secret-digest.ts';

/** What the operator was started with. */
export type Settings = Pick<Config, 'version' | 'serverImage' | 'postgresImage' | 'redisImage' | 'imagePullPolicy' | 'scalerUrl'>;

/** Everything that decisions are made from. */
export interface Observed {
  cluster: ChatCluster;
  spec: ResolvedSpec;
  /** `Kind/name` → what exists and is labelled as ours. */
  children: ReadonlyMap<string, Child>;
  /** Of every role, also those that go away. */
  pods: readonly Pod[];
  capabilities: Capabilities;
  /** The namespace's Secrets; undefined: the operator may not read them there. */
  secrets: ReadonlyMap<string, SecretDigest> | undefined;
  /** Those that name this ChatCluster. */
  restores: readonly ChatClusterRestore[];
  /** The last reading, by uid of the pod. */
  loads: ReadonlyMap<string, PodLoad>;
  settings: Settings;
  /** Of the Secret of managed Redis; undefined: none is needed, or it is not made yet. */
  redisSecretVersion?: string;
  /** Of the link for the first administrator, where there is one; empty without a host. */
  adminLinkUrl?: string;
  /** How often this migration was tried by this process. */
  migrationAttempts: number;
  nowMs: number;
}

/** Something that only a person can mend. */
export interface Problem {
  reason: string;
  message: string;
  about: 'database' | 'redis' | 'route' | 'secrets' | 'autoscaling' | 'objects';
}

export const serverRoles = ['realtime', 'api', 'worker'] as const;
export type ServerPodRole = (typeof serverRoles)[number];

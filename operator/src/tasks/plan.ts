import { createHash } from 'node:crypto';
import type { BackupPlace } from '@chatcluster/cdk8s/manifests/backup';
import type { TaskPlace } from '../api/index.ts';
import type { TaskResource } from '../controller/task-store.ts';
import type { Observed } from '../gather/observed.ts';
import type { SecretDigest } from '../gather/secret-digest.ts';

/** Why there is no Job. `wait`: it passes by itself. `stuck`: a person has to do something, then it goes on. `refuse`: never. */
export interface Verdict {
  state: 'wait' | 'stuck' | 'refuse';
  reason: string;
  message: string;
}

export interface Run {
  state: 'run';
  place: TaskPlace;
  /** The release that does it. */
  version: string;
  /** Which one is restored. @default the newest complete one */
  backup?: string;
  /** Not where the regular backups are. */
  isElsewhere?: boolean;
}

/** What to do about a task whose Job does not exist. */
export type Plan = Verdict | Run;

export interface TaskObserved<T extends TaskResource = TaskResource> {
  task: T;
  /** The ChatCluster and all that belongs to it; undefined: there is none of that name. */
  world: Observed | undefined;
}

export const refuse = (reason: string, message: string): Verdict => ({ state: 'refuse', reason, message });
export const wait = (reason: string, message: string): Verdict => ({ state: 'wait', reason, message });
export const stuck = (reason: string, message: string): Verdict => ({ state: 'stuck', reason, message });

/** Another one of the same name must not find the backup of this one and take it for its own. */
export function jobNameOf({ metadata }: TaskResource): string {
  return `${metadata.name}-${createHash('sha256').update(metadata.uid).digest('hex').slice(0, 8)}`;
}

/** As the constructs take it. */
export function toBackupPlace({ s3, volume }: TaskPlace): BackupPlace {
  return s3 ? { s3: { ...s3, prefix: s3.prefix ?? '' } } : { volume: { claimName: volume?.claimName ?? '' } };
}

/** For people. */
export function locationOf({ s3, volume }: TaskPlace, backup: string): string {
  if (s3) return `s3://${[s3.bucket, s3.prefix, backup].filter(Boolean).join('/')}`;
  return `volume ${volume?.claimName}: ${backup}`;
}

/** undefined: it is there, or may not be looked at. */
export function missingSecret(
  { s3 }: TaskPlace,
  secrets: ReadonlyMap<string, SecretDigest> | undefined,
  namespace: string,
): string | undefined {
  if (s3 === undefined || secrets === undefined) return undefined;
  const { name } = s3.credentialsSecretRef;
  const where = `Secret ${name} in namespace ${namespace}`;
  const secret = secrets.get(name);
  if (secret === undefined) return `${where} does not exist; create it with the keys ACCESS_KEY_ID and ACCESS_SECRET_KEY.`;
  const key = ['ACCESS_KEY_ID', 'ACCESS_SECRET_KEY'].find((each) => !secret.keys.includes(each));
  return key && `${where} has no key "${key}"; add it.`;
}

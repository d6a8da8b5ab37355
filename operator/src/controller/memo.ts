import type { ChatClusterStatus } from '../api/index.ts';
import { emptyHistory, type History, type PodLoad, type Recommendation } from '../autoscale/types.ts';
import type { PendingScaleDown } from '../autoscale/victims.ts';

/** The Secret of the managed Redis servers as this process made or found it. */
export interface RedisSecret {
  shards: number;
  /** Annotated on pods: another one means another password. */
  version: string;
  wasSeen: boolean;
}

/** What is remembered of one ChatCluster between passes. All of it may be lost: the next leader begins without. */
export interface Memo {
  uid: string;
  history: History;
  recommendation?: Recommendation;
  loads: ReadonlyMap<string, PodLoad>;
  /** When the load was read last. */
  readAtMs: number;
  migrationAttempts: number;
  pending?: PendingScaleDown;
  unexpectedVictims: readonly string[];
  connectionsAtMs: number;
  /** Our last status, for as long as the cache is behind it. */
  status?: { version: string; value: ChatClusterStatus };
  scale?: { version: string; replicas: number };
  /** Of the last pass that found everything as it should be: with the same, there is nothing to render. */
  settled?: string;
  hasDatabaseSecret: boolean;
  redisSecret?: RedisSecret;
  /** Where people come in, as the Secret of the administrator link says. */
  adminLinkUrl?: string;
}

export interface Memos {
  of(key: string, uid: string): Memo;
  forget(key: string): void;
}

export function createMemos(): Memos {
  const memos = new Map<string, Memo>();
  return {
    of(key, uid) {
      const known = memos.get(key);
      if (known?.uid === uid) return known;
      const fresh: Memo = {
        uid,
        history: emptyHistory,
        loads: new Map(),
        readAtMs: 0,
        migrationAttempts: 0,
        hasDatabaseSecret: false,
        unexpectedVictims: [],
        connectionsAtMs: 0,
      };
      memos.set(key, fresh);
      return fresh;
    },
    forget: (key) => void memos.delete(key),
  };
}

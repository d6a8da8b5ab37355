import type { PresenceSetting, PresenceStatus } from '@chatcluster/protocol';

/** Where presence is kept: Redis in the cluster, memory in a single process. */
export interface PresenceBackend extends Partial<AsyncDisposable> {
  /** Of users who are connected here. Tells the watchers if what they see changes. */
  set(userIds: string[], setting: PresenceSetting): Promise<void>;
  /** The user's last socket here went. (On Redis the detach of the fan-out has said so already.) */
  gone(userId: string): void;
  get(userIds: string[]): Promise<Map<string, PresenceStatus>>;
  /** This pod wants to know (or does not any more) about these users. */
  watch(userIds: string[], on: boolean): Promise<void>;
  /** A watched user's shown status changed. */
  onChange(handler: (userId: string, status: PresenceStatus) => void): void;
  /** The backend may have forgotten settings and watches: register them again. */
  onRecovered(handler: () => Promise<void>): void;
}

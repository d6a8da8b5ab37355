import type { Logger } from '../log.ts';

const WRITE_EVERY_MS = 1_000;

/** Remembers who left and writes their last-seen time once a second, so that a drain is one statement and not thousands. */
export function createLastSeen(deps: { touch(userIds: string[]): Promise<void>; log: Logger }) {
  let gone = new Set<string>();

  async function flush(): Promise<void> {
    if (gone.size === 0) return;
    const users = [...gone];
    gone = new Set();
    try {
      await deps.touch(users);
    } catch (error) {
      deps.log.debug({ err: error, users: users.length }, 'last-seen times were not written');
    }
  }

  const timer = setInterval(() => void flush(), WRITE_EVERY_MS);
  timer.unref();
  return {
    left: (userId: string) => void gone.add(userId),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await flush();
    },
  };
}

import { TYPING_CLEAR_MS } from '@chatcluster/protocol/limits';
import { decideSend } from '../domain/permissions.ts';
import type { Fanout } from '../fanout/types.ts';
import type { Membership } from './membership.ts';
import { authorise } from './require.ts';

export interface TypingDeps {
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>;
  fanout: Pick<Fanout, 'toUsers'>;
}

/** Above this many members nobody wants to know who is typing, and telling all would cost more than the message. */
const MAX_MEMBERS = 100;

/** Typing lasts until it is switched off, the socket goes, or 6 s passed without another `on`. */
export function createTyping(deps: TypingDeps) {
  const timers = new Map<string, { timer: NodeJS.Timeout; socketId: string; conversationId: string; userId: string }>();
  const keyOf = (socketId: string, conversationId: string) => `${socketId} ${conversationId}`;

  async function tell(userId: string, socketId: string, conversationId: string, on: boolean): Promise<void> {
    const access = await authorise(deps.membership, conversationId, (a) => decideSend(a, userId));
    if (access.members.size > MAX_MEMBERS) return;
    const others = [...access.members.keys()].filter((id) => id !== userId);
    deps.fanout.toUsers(others, 'typing', { conversationId, userId, on }, { exceptSocketId: socketId });
  }

  function clear(key: string): boolean {
    const running = timers.get(key);
    if (running === undefined) return false;
    clearTimeout(running.timer);
    return timers.delete(key);
  }

  function stop(key: string): void {
    const running = timers.get(key);
    if (running === undefined || !clear(key)) return;
    // Best effort: someone who was removed meanwhile has nobody to tell.
    tell(running.userId, running.socketId, running.conversationId, false).catch(() => undefined);
  }

  return {
    async set(userId: string, socketId: string, conversationId: string, on: boolean): Promise<void> {
      const key = keyOf(socketId, conversationId);
      const was = clear(key);
      if (on) {
        const timer = setTimeout(() => stop(key), TYPING_CLEAR_MS);
        timer.unref();
        timers.set(key, { timer, socketId, conversationId, userId });
      } else if (!was) return void (await authorise(deps.membership, conversationId, (access) => decideSend(access, userId)));
      await tell(userId, socketId, conversationId, on);
    },
    socketGone(socketId: string): void {
      for (const [key, running] of timers) if (running.socketId === socketId) stop(key);
    },
    [Symbol.dispose](): void {
      for (const key of timers.keys()) clear(key);
    },
  };
}
export type Typing = ReturnType<typeof createTyping>;

import type { Lease } from '../fanout/routed/server.ts';
import type { Logger } from '../log.ts';
import type { Connection } from '../transport/socket/connection.ts';

export interface CutOffDeps {
  podId: string;
  isPostgresReachable(): boolean;
  /** Leases of the pods that live; null while no Redis answers. */
  pods(): Promise<Map<string, Lease> | null>;
  connections(): Iterable<Connection>;
  /** The hints are spread over this. */
  windowMs: number;
  log: Logger;
  random?: () => number;
}

const LOOK_MS = 1_000;
/** Pods find Postgres again one after the other; that is no reason to move anybody. */
const PATIENCE_LOOKS = 5;

/**
 * A pod that alone does not reach Postgres can serve nobody, and others can: it stops being ready and moves its sockets
 * to them. While nobody reaches Postgres everybody stays where they are.
 */
export function createCutOff(deps: CutOffDeps): Disposable & { isCutOff(): boolean; look(): Promise<void> } {
  const { random = Math.random } = deps;
  let looks = 0;

  async function isAlone(): Promise<boolean> {
    if (deps.isPostgresReachable()) return false;
    const pods = await deps.pods();
    return pods !== null && [...pods].some(([id, { postgres }]) => id !== deps.podId && postgres);
  }

  /** Those that come meanwhile, too. Whoever has not gone after the hint is closed by the socket clock. */
  function moveAway(): void {
    for (const connection of deps.connections()) {
      if (connection.isEnded || connection.movingAt !== undefined) continue;
      connection.hintAway(Math.round(random() * deps.windowMs), 'shutdown', performance.now());
    }
  }

  async function look(): Promise<void> {
    const alone = await isAlone().catch(() => false);
    looks = alone ? looks + 1 : 0;
    if (looks === PATIENCE_LOOKS) deps.log.warn('postgres cannot be reached from this pod alone; moving its sockets away');
    if (looks >= PATIENCE_LOOKS) moveAway();
  }

  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return { isCutOff: () => looks >= PATIENCE_LOOKS, look, [Symbol.dispose]: () => clearInterval(timer) };
}

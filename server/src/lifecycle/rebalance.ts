import type { Logger } from '../log.ts';
import type { Connection } from '../transport/socket/connection.ts';

export interface RebalanceDeps {
  connections(): Iterable<Connection>;
  /** Connections of every pod that takes sockets, this one among them; null while nobody knows. */
  connectionsPerPod(): Promise<number[] | null>;
  /** Once per session in half an hour, whichever pod asks. */
  mayMove(sessionId: string): Promise<boolean>;
  tolerancePercent: number;
  movesPerSecond: number;
  log: Logger;
  now?: () => number;
  random?: () => number;
}

const LOOK_MS = 1_000;
/**
 * Looks in a row that must see too many sockets here before one is moved: the pods' figures are up to a second old, and
 * while hundreds of clients connect they differ by more than the sockets do.
 */
const LOOKS_BEFORE_MOVING = 5;

export interface Balance {
  own: number;
  perPod: number[];
  tolerancePercent: number;
  /** Whether sockets are being moved already. */
  isMoving: boolean;
}

/**
 * How many sockets this pod has above the mean while the cluster is out of balance: any pod is further from the mean than
 * the tolerance, above or below (ten full pods and an empty one: each of the ten is only 10 % above). Hysteresis: it ends
 * at half of the tolerance. A balancer that spreads at random leaves deviations of about the square root of the mean:
 * twice that is noise, not imbalance.
 */
export function excessOf({ own, perPod, tolerancePercent, isMoving }: Balance): number {
  if (perPod.length < 2) return 0;
  const mean = perPod.reduce((sum, n) => sum + n, 0) / perPod.length;
  const tolerance = Math.max((mean * tolerancePercent) / 100, 2 * Math.sqrt(mean));
  const furthest = Math.max(...perPod.map((n) => Math.abs(n - mean)));
  return furthest > (isMoving ? tolerance / 2 : tolerance) ? Math.max(0, Math.floor(own - mean)) : 0;
}

/**
 * After a scale-up every pod with more than its share hints the excess away, a few sockets a second, so that the new pods
 * get their part without a reconnect storm. A balancer without memory may send a moved socket back; it then stays.
 */
export function createRebalance(deps: RebalanceDeps) {
  const { now = () => performance.now(), random = Math.random } = deps;
  let isMoving = false;
  let looksWithExcess = 0;
  let isLooking = false;

  const movable = () => [...deps.connections()].filter((c) => !c.isEnded && c.movingAt === undefined);

  async function move(connection: Connection): Promise<boolean> {
    if (!(await deps.mayMove(connection.sessionId))) return false;
    if (connection.isEnded || connection.movingAt !== undefined) return false;
    connection.hintAway(Math.round(random() * LOOK_MS), 'rebalance', now());
    return true;
  }

  /** Returns how many were hinted away. */
  async function step(): Promise<number> {
    const perPod = await deps.connectionsPerPod();
    if (perPod === null) return 0;
    const candidates = movable();
    const excess = excessOf({ own: candidates.length, perPod, tolerancePercent: deps.tolerancePercent, isMoving });
    looksWithExcess = excess > 0 ? looksWithExcess + 1 : 0;
    const mustMove = looksWithExcess >= LOOKS_BEFORE_MOVING;
    if (isMoving !== mustMove) deps.log.info({ excess, perPod }, mustMove ? 'rebalancing' : 'balanced');
    isMoving = mustMove;
    if (!mustMove) return 0;
    const wanted = Math.min(excess, deps.movesPerSecond);
    let moved = 0;
    // Some may have been moved lately; asking about every socket of a large pod would be a storm of its own.
    for (let asked = 0; moved < wanted && asked < 4 * wanted && candidates.length > 0; asked += 1) {
      const [picked] = candidates.splice(Math.floor(random() * candidates.length), 1);
      if (picked && (await move(picked))) moved += 1;
    }
    return moved;
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    try {
      await step();
    } catch (error) {
      deps.log.debug({ err: error }, 'not rebalanced this time');
    } finally {
      isLooking = false;
    }
  }

  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return { step, [Symbol.dispose]: () => clearInterval(timer) };
}

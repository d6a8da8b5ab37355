import { fitSlope, type Point, thin } from './slope.ts';

/** One thing that must not grow while the load stays the same. */
export interface Curve {
  name: string;
  unit: 'bytes' | 'count';
  points: Point[];
  /** Growth over the judged time that is no finding: warm caches, a larger heap that is used anyway. */
  allowed: { share: number; least: number };
}

export interface Growth {
  name: string;
  unit: Curve['unit'];
  /** Seconds that were judged. */
  seconds: number;
  /** At the end of the trend. */
  level: number;
  perHour: number;
  /** Over the judged time: the trend, what it is at least with 95 % confidence, and what is allowed. */
  grew: number;
  grewAtLeast: number;
  allowed: number;
  verdict: 'flat' | 'grows' | 'too short';
}

/** Caches fill, pools open and the compiler works in the first quarter. */
const WARM_UP = 0.25;
const PARTS = 100;
/** With fewer points a slope is a guess. */
const LEAST_POINTS = 20;
const HOUR_S = 3_600;

/** Pure. A curve that began late is judged from its own beginning. */
export function judgeGrowth({ name, unit, points, allowed }: Curve): Growth {
  const [first, last] = [points[0]?.t ?? 0, points.at(-1)?.t ?? 0];
  const from = first + (last - first) * WARM_UP;
  const judged = thin(
    points.filter(({ t }) => t >= from),
    PARTS,
  );
  const seconds = last - from;
  const slope = judged.length < LEAST_POINTS ? undefined : fitSlope(judged);
  const typical = judged.length === 0 ? 0 : [...judged].sort((a, b) => a.value - b.value)[judged.length >> 1]!.value;
  const limit = Math.max(allowed.least, typical * allowed.share);
  const { value = 0, low = 0 } = slope ?? {};
  return {
    name,
    unit,
    seconds,
    level: typical + (value * seconds) / 2,
    perHour: value * HOUR_S,
    grew: value * seconds,
    grewAtLeast: low * seconds,
    allowed: limit,
    verdict: slope === undefined ? 'too short' : low * seconds > limit ? 'grows' : 'flat',
  };
}

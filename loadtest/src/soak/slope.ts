export interface Point {
  /** Seconds. */
  t: number;
  value: number;
}

/** Per second; with 95 % confidence it is between `low` and `high`. */
export interface Slope {
  value: number;
  low: number;
  high: number;
}

const Z_95 = 1.96;

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const ascending = (values: number[]) => values.sort((a, b) => a - b);

/** The median of each of so many equal parts of the time: the teeth of a garbage collector are not a trend. */
export function thin(points: readonly Point[], parts: number): Point[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || last.t <= first.t) return [...points];
  const width = (last.t - first.t) / parts;
  const bins = Map.groupBy(points, ({ t }) => Math.min(parts - 1, Math.floor((t - first.t) / width)));
  return [...bins.values()].map((bin) => ({
    t: bin.reduce((sum, { t }) => sum + t, 0) / bin.length,
    value: median(ascending(bin.map(({ value }) => value))),
  }));
}

/**
 * Theil and Sen: the median of the slopes of all pairs of points, which a third of the points may spoil without moving it;
 * its bounds after Sen (1968). Undefined for fewer than three points.
 */
export function fitSlope(points: readonly Point[]): Slope | undefined {
  const n = points.length;
  if (n < 3) return undefined;
  const slopes: number[] = [];
  for (let i = 0; i < n; i += 1)
    for (let j = i + 1; j < n; j += 1) slopes.push((points[j]!.value - points[i]!.value) / (points[j]!.t - points[i]!.t));
  ascending(slopes);
  const spread = Z_95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const low = Math.max(0, Math.floor((slopes.length - spread) / 2));
  const high = Math.min(slopes.length - 1, Math.ceil((slopes.length + spread) / 2));
  return { value: median(slopes), low: slopes[low]!, high: slopes[high]! };
}

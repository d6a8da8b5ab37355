import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';

/** What an expression gave: which series, and at which evaluations. */
export interface Series {
  labels: Record<string, string>;
  /** Number of the evaluation, value. */
  points: [number, number][];
}

export interface Task {
  /** Between two samples, and between two evaluations. */
  intervalSeconds: number;
  evaluations: number;
  /** In the notation of promtool's unit tests: `up{pod="a"} 1x10 0x10`. */
  series: readonly string[];
  expressions: readonly string[];
}

/** The engine of Prometheus over these samples; the answers in the order of the expressions. */
export async function evaluate(task: Task): Promise<Series[][]> {
  const child = spawn(await ensureTool('promql'), { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(task));
  const [answer, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (errors) throw new Error(errors.trim());
  return JSON.parse(answer) as Series[][];
}

/** The evaluation at which an alert begins to fire: its expression has held for so many steps without a gap. */
export function firesAt(series: readonly Series[], forSteps: number): number | undefined {
  const starts = series.flatMap(({ points }) => {
    const at = points.map(([evaluation]) => evaluation);
    const held = at.find((evaluation) => Array.from({ length: forSteps }, (_, i) => evaluation - 1 - i).every((one) => at.includes(one)));
    return held === undefined ? [] : [held];
  });
  return starts.length > 0 ? Math.min(...starts) : undefined;
}

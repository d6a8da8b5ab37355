export interface Row {
  what: string;
  value: number;
  unit: string;
  /** Of quality.md. */
  target?: { atLeast?: number; atMost?: number };
}

export interface Result {
  title: string;
  /** What was run, with its sizes. */
  setting: string;
  rows: Row[];
  /** Every run, before the median. */
  runs: Record<string, number[]>;
}

export interface BenchOptions {
  isQuick: boolean;
  say(text: string): void;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The ratio of each pair of neighbouring runs, so that a disturbance hits both sides of it. */
export function ratio(ours: number[], rival: number[]): number {
  return median(ours.map((value, i) => value / rival[i]!));
}

export function isMet({ value, target }: Row): boolean | undefined {
  if (!target) return undefined;
  return value >= (target.atLeast ?? -Infinity) && value <= (target.atMost ?? Infinity);
}

/** What could not be measured is a dash: one pod has no other to deliver to. */
export function format(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
}

function targetOf({ target }: Row): string {
  if (!target) return '';
  return target.atLeast === undefined ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
}

export function toTable({ title, setting, rows }: Result): string {
  const lines = rows.map((row) => {
    const met = isMet(row);
    return `| ${row.what} | ${format(row.value)} ${row.unit} | ${targetOf(row)} | ${met === undefined ? '' : met ? 'met' : '**missed**'} |`;
  });
  return [`## ${title}`, '', setting, '', '| what | figure | target | |', '|---|---|---|---|', ...lines, ''].join('\n');
}

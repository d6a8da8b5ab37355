import { openCommitLevers } from './lever-commits.ts';
import { openFrameLevers } from './lever-frames.ts';
import { openHopLevers } from './lever-hops.ts';
import { type BenchOptions, median, type Result, ratio, type Row } from './report.ts';
import { type Services, startServices } from './world.ts';

/** One way to be fast, on and off. */
export interface Lever {
  name: string;
  unit: string;
  /** The first is what the server does; each gives one figure per call. */
  variants: [name: string, measure: () => Promise<number>][];
}

export interface LeverOptions {
  services: Services;
  isQuick: boolean;
  /** What the levers need until they were measured. */
  stack: AsyncDisposableStack;
}

function toRows({ name, unit, variants }: Lever, runs: Result['runs']): Row[] {
  const of = (variant: string) => runs[`${name}: ${variant}`]!;
  const [[ours], ...others] = variants as [Lever['variants'][0], ...Lever['variants']];
  return [
    { what: `${name}: **${ours}**`, value: median(of(ours)), unit },
    ...others.flatMap(([other]): Row[] => [
      { what: `${name}: ${other}`, value: median(of(other)), unit },
      { what: `${name}: ${other} ÷ ${ours}`, value: ratio(of(other), of(ours)), unit: '×' },
    ]),
  ];
}

/** What each of the known ways to be fast gives by itself, each beside the same without it. */
export async function benchLevers({ isQuick, say }: BenchOptions): Promise<Result> {
  const repeats = isQuick ? 1 : 3;
  const result: Result = {
    title: 'The levers, one by one',
    setting: `What the server does is in bold; each lever's variants take turns, once for nothing and ${repeats} times`,
    rows: [],
    runs: {},
  };
  await using services = await startServices();
  for (const open of [openFrameLevers, openCommitLevers, openHopLevers]) {
    await using stack = new AsyncDisposableStack();
    for (const lever of await open({ services, isQuick, stack })) {
      // Once for nothing: whoever is measured first would pay for plans and compilers.
      for (let i = 0; i <= repeats; i += 1) {
        for (const [variant, measure] of lever.variants) {
          const figure = await measure();
          if (i > 0) (result.runs[`${lever.name}: ${variant}`] ??= []).push(figure);
        }
      }
      const rows = toRows(lever, result.runs);
      for (const { what, value, unit } of rows) say(`${what} ${value.toPrecision(3)} ${unit}`);
      result.rows.push(...rows);
    }
  }
  return result;
}

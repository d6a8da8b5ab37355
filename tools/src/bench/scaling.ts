import { type CurveSample, type Mode, modes, percentile, startCurve } from './pods-curve.ts';
import { type BenchOptions, type Result, type Row } from './report.ts';
import { startServices } from './world.ts';

const USERS_PER_POD = 40;
/** Chosen so that ten pods leave two processors 40 % idle. */
const MESSAGES_PER_POD = 8;
/** More than that and the pods wait for each other's processor, which says nothing about them. */
const BUSY_AT_MOST = 0.6;

const perDelivery = ({ cpuMicros, deliveries }: CurveSample) => cpuMicros.reduce((a, b) => a + b) / deliveries;

/** The same load on each pod, more and more pods: what a delivered message costs. */
export async function benchScaling({ isQuick, say }: BenchOptions): Promise<Result> {
  const counts = isQuick ? [1, 2, 3] : [1, 2, 4, 6, 8, 10];
  const seconds = isQuick ? 4 : 15;
  const samples = new Map<string, CurveSample>();
  await using services = await startServices();
  for (const count of counts) {
    for (const mode of modes) {
      await using curve = await startCurve(services, { mode, pods: count, users: USERS_PER_POD * count, isDirectOnly: false });
      await curve.run(3, MESSAGES_PER_POD * count);
      const sample = await curve.run(seconds, MESSAGES_PER_POD * count);
      samples.set(`${mode} ${count}`, sample);
      say(
        `scaling: ${count} pods, ${mode}: ${perDelivery(sample).toFixed(0)} µs per delivery, machine ${(sample.busy * 100).toFixed(0)} % busy`,
      );
    }
  }
  const of = (mode: Mode, count: number) => samples.get(`${mode} ${count}`)!;
  const [from, to] = [counts[1]!, counts.at(-1)!];
  const rows = modes.flatMap((mode) =>
    counts.flatMap((count): Row[] => {
      const sample = of(mode, count);
      return [
        { what: `${mode}, ${count} pods: pod CPU`, value: perDelivery(sample), unit: 'µs per delivery' },
        { what: `${mode}, ${count} pods: send → receive on another pod, p99`, value: percentile(sample.latenciesMs, 0.99), unit: 'ms' },
      ];
    }),
  );
  const efficiency = (mode: Mode) => perDelivery(of(mode, from)) / perDelivery(of(mode, to));
  const busiest = Math.max(...[...samples.values()].map(({ busy }) => busy));
  return {
    title: 'More pods, the same load on each',
    setting: `${USERS_PER_POD} people and ${MESSAGES_PER_POD} messages a second per pod, direct conversations and groups of five; realtime pods and one worker; one run of ${seconds} s each`,
    rows: [
      ...rows,
      { what: `routed: efficiency from ${from} to ${to} pods`, value: efficiency('routed'), unit: '×', target: { atLeast: 0.85 } },
      { what: `streams-adapter: efficiency from ${from} to ${to} pods`, value: efficiency('streams-adapter'), unit: '×' },
      { what: 'the machine at its busiest', value: busiest * 100, unit: '%', target: { atMost: BUSY_AT_MOST * 100 } },
    ],
    runs: Object.fromEntries([...samples].map(([name, sample]) => [`${name}, µs per delivery`, [perDelivery(sample)]])),
  };
}

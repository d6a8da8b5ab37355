import { type Mode, modes, startCurve } from './pods-curve.ts';
import { type BenchOptions, median, type Result } from './report.ts';
import { startServices } from './world.ts';

const PODS = 10;
/** Everybody is on these; the others have nobody and should have nothing to do. */
const WITH_PEOPLE = 2;
const USERS = 60;
const MESSAGES = 150;

/** What a message costs a pod that has none of its recipients: its CPU under load, less its CPU without. */
export async function benchIrrelevant({ isQuick, say }: BenchOptions): Promise<Result> {
  const seconds = isQuick ? 4 : 15;
  const repeats = isQuick ? 1 : 3;
  const runs: Record<Mode, number[]> = { routed: [], 'streams-adapter': [] };
  await using services = await startServices();
  for (let i = 0; i < repeats; i += 1) {
    for (const mode of modes) {
      await using curve = await startCurve(services, { mode, pods: PODS, podsWithPeople: WITH_PEOPLE, users: USERS, isDirectOnly: true });
      const others = ({ cpuMicros }: { cpuMicros: number[] }) =>
        cpuMicros.slice(WITH_PEOPLE).reduce((a, b) => a + b) / (PODS - WITH_PEOPLE);
      await curve.run(3, MESSAGES);
      const idle = others(await curve.run(seconds, 0));
      const loaded = await curve.run(seconds, MESSAGES);
      runs[mode].push((others(loaded) - idle) / loaded.acked);
      say(`irrelevant: ${mode} ${runs[mode].at(-1)!.toFixed(2)} µs per message and pod, ${(loaded.busy * 100).toFixed(0)} % busy`);
    }
  }
  const [ours, adapter] = [median(runs.routed), median(runs['streams-adapter'])];
  return {
    title: 'A message that is for nobody on this pod',
    setting: `${PODS} realtime pods, people on ${WITH_PEOPLE} of them, ${MESSAGES} direct messages a second; CPU of the other pods under this load less without it; ${repeats} interleaved runs of ${seconds} s`,
    rows: [
      { what: 'routed', value: ours, unit: 'µs per message and pod' },
      { what: 'streams-adapter', value: adapter, unit: 'µs per message and pod' },
      { what: 'routed ÷ streams-adapter', value: ours / adapter, unit: '×', target: { atMost: 0.05 } },
    ],
    runs,
  };
}

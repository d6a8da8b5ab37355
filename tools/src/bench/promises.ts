/** From the floor to our server, one part at a time: where the processor time of a message goes. */
import { startApps } from './apps.ts';
import { type BenchOptions, median, type Result } from './report.ts';
import { benchSides, cpuPerDelivery, perSecond, startOurs } from './sides.ts';

const steps = {
  floor: 'the floor',
  socketio: 'its clients through Socket.IO',
  stored: 'and what we store, as we store it',
  ours: 'and all else: ours',
};
type Step = keyof typeof steps;

export const benchPromises = (options: BenchOptions): Promise<Result> =>
  benchSides<Step>(
    {
      title: 'promises',
      starts: [
        startApps('floor', 'floor-app.ts'),
        startApps('socketio', 'floor-app.ts', { args: ['socket.io'] }),
        startApps('stored', 'floor-app.ts', { args: ['socket.io', 'store'], isOurSchema: true }),
        startOurs,
      ],
      toResult: (samples, { clients, runs }) => {
        const names = Object.keys(steps) as Step[];
        return {
          title: 'From the floor to ours, one part at a time',
          setting: `the load of "cluster": ${clients}; three pods each; ${runs}`,
          rows: names.flatMap((name) => [
            { what: `${steps[name]}: acknowledged, closed loop`, value: median(perSecond(samples[name])), unit: 'messages/s' },
            { what: `${steps[name]}: CPU of the pods`, value: median(cpuPerDelivery(samples[name])), unit: 'µs per delivery' },
          ]),
          runs: Object.fromEntries(
            names.flatMap((name) => [
              [`${name}, acknowledged/s`, perSecond(samples[name])],
              [`${name}, pod µs per delivery`, cpuPerDelivery(samples[name])],
            ]),
          ),
        };
      },
    },
    options,
  );

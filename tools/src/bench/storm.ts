import { performance } from 'node:perf_hooks';
import { startPeer } from './peer.ts';
import { startPod } from './pods.ts';
import type { ConnectRequest } from './receivers.ts';
import { type BenchOptions, median, type Result, ratio } from './report.ts';
import { makeGroups, signTokens, startServices, storeWorld } from './world.ts';

/** Handshakes under way at a time, on both sides: what a listen backlog takes. */
const AT_ONCE = 500;
const PODS = 3;
const ADMITTED_PER_SECOND = 300;

type Target = { ports: number[]; auths?: string[] };

/** Seconds until everybody is in; fails when one of them is not there at the end. */
async function stormSeconds({ ports, auths }: Target, clients: number): Promise<{ seconds: number; refused: number }> {
  await using receivers = startPeer('receivers.ts');
  const share = Math.ceil(clients / ports.length);
  const requests = ports.map(
    (port, i): ConnectRequest => ({
      group: `pod-${i}`,
      port,
      count: Math.min(share, clients - i * share),
      socketIo: true,
      isPatient: true,
      atOnce: Math.ceil(AT_ONCE / ports.length),
      ...(auths ? { auths: auths.slice(i * share, (i + 1) * share), readyPrefix: '42["session:ready"' } : {}),
    }),
  );
  const startedAt = performance.now();
  await Promise.all(requests.map((request) => receivers.call<number>('connect', request)));
  const seconds = (performance.now() - startedAt) / 1_000;
  const counts = async (name: string) =>
    (await Promise.all(requests.map(({ group }) => receivers.call<number>(name, group)))).reduce((a, b) => a + b);
  const open = await counts('open');
  if (open !== clients) throw new Error(`only ${open} of ${clients} stayed connected`);
  return { seconds, refused: await counts('refused') };
}

/** Everybody at once: one pod beside one bare Socket.IO; then three pods that let in so many per second. */
export async function benchStorm({ isQuick, say }: BenchOptions): Promise<Result> {
  const clients = isQuick ? 1_000 : 10_000;
  const repeats = isQuick ? 1 : 3;
  await using services = await startServices();
  const url = await services.createDatabase('storm', true);
  const world = makeGroups(clients, 2);
  await storeWorld(url, world);
  const auths = (await signTokens(url, world.users)).map((token) => JSON.stringify({ token }));
  const runs = { ours: [] as number[], bare: [] as number[], admitted: [] as number[], refused: [] as number[] };
  const env = (prefix: string) => ({ DATABASE_URL: url, REDIS_URLS: services.redisUrl, REDIS_PREFIX: prefix });
  for (let i = 0; i < repeats; i += 1) {
    {
      await using pod = await startPod({ ...env(`storm${i}:`), POD_ID: 'pod-0' });
      runs.ours.push((await stormSeconds({ ports: [pod.port], auths }, clients)).seconds);
    }
    {
      await using bare = startPeer('bare-io.ts', ['0']);
      runs.bare.push((await stormSeconds({ ports: [await bare.call<number>('listen')] }, clients)).seconds);
    }
    {
      await using stack = new AsyncDisposableStack();
      const limits = {
        RATE_LIMITS: 'on',
        HANDSHAKES_PER_SECOND_PER_POD: `${ADMITTED_PER_SECOND}`,
        HANDSHAKES_PER_SECOND_PER_ADDRESS: '100000',
      };
      const pods = await Promise.all(
        Array.from({ length: PODS }, (_, j) => startPod({ ...env(`admitted${i}:`), ...limits, POD_ID: `pod-${j}` })),
      );
      pods.forEach((pod) => stack.use(pod));
      const { seconds, refused } = await stormSeconds({ ports: pods.map(({ port }) => port), auths }, clients);
      runs.admitted.push(seconds);
      runs.refused.push(refused);
    }
    say(`storm: ours ${runs.ours[i]!.toFixed(1)} s, bare ${runs.bare[i]!.toFixed(1)} s, admitted ${runs.admitted[i]!.toFixed(1)} s`);
  }
  const allowed = clients / (PODS * ADMITTED_PER_SECOND) + 5;
  return {
    title: 'Reconnect storm',
    setting: `${clients} clients at once, at most ${AT_ONCE} handshakes under way; one pod beside one bare Socket.IO, then ${PODS} pods that admit ${ADMITTED_PER_SECOND} a second each; ${repeats} interleaved runs; everybody is in at the end`,
    rows: [
      { what: 'ours, one pod', value: median(runs.ours), unit: 's' },
      { what: 'bare Socket.IO', value: median(runs.bare), unit: 's' },
      { what: 'ours ÷ bare Socket.IO', value: ratio(runs.ours, runs.bare), unit: '×', target: { atMost: 2.5 } },
      { what: 'with admission control', value: median(runs.admitted), unit: 's', target: { atMost: Number(allowed.toFixed(1)) } },
      { what: 'handshakes that were put off', value: median(runs.refused), unit: '' },
    ],
    runs,
  };
}

/** A process of nothing but a reflector, as testing-measure.ts starts it: its size and its time to be ready are the runtime's own. */
import { createClient } from './create-client.ts';
import { createReflector } from './reflector.ts';
import { CONFIG_MAPS } from './testing-config-map.ts';

const { MEASURE_SERVER: server = '', MEASURE_TLS = '{}', MEASURE_NAMESPACE: namespace } = process.env;
const tls = JSON.parse(MEASURE_TLS) as Record<string, string>;
const connection = { server, credentials: () => Promise.resolve({ headers: {}, tls }), invalidate() {} };

const baseRss = process.memoryUsage.rss();
const client = await createClient({ connection });
const reflector = createReflector({ client, resource: CONFIG_MAPS, namespace });
const stop = new AbortController();
const running = reflector.run(stop.signal);
await reflector.synced();
const readyMs = performance.now();
const from = process.cpuUsage();
const idleMs = 5_000;
await new Promise((resolve) => setTimeout(resolve, idleMs));
const { user, system } = process.cpuUsage(from);
const figures = {
  objects: reflector.store.size,
  readyMs: Math.round(readyMs),
  rssMib: Math.round(process.memoryUsage.rss() / 2 ** 20),
  rssBeforeMib: Math.round(baseRss / 2 ** 20),
  idleCpuPercent: Math.round((user + system) / idleMs) / 10,
};
process.stdout.write(JSON.stringify(figures));
stop.abort();
await running;
await client.close();

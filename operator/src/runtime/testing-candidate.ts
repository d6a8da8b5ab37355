/** A process that campaigns for a Lease and, while it leads, writes as fast as it can; `lease-process.test.ts` freezes and kills it. */
import { createClient } from './create-client.ts';
import { runElected } from './lease.ts';
import { CONFIG_MAPS } from './testing-config-map.ts';

const { CANDIDATE_KUBECONFIG: kubeconfig = '', CANDIDATE_NAMESPACE: namespace = '', CANDIDATE_ID: identity = '' } = process.env;
const durations = { leaseMs: 2_000, renewDeadlineMs: 1_330, retryMs: 260, stopMs: 1_000 };
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());

const client = await createClient({ kubeconfig });
const result = await runElected({
  client,
  namespace,
  name: 'lease',
  identity,
  signal: stop.signal,
  durations,
  async run(leadership) {
    process.stdout.write('leading\n');
    for (let count = 0; !leadership.signal.aborted; count += 1) {
      const metadata = { name: `write-${identity}-${process.hrtime.bigint()}`, namespace, labels: { by: identity } };
      // A failure is what is tested: frozen in the middle of a call, cut off, fenced.
      await leadership.client.create(CONFIG_MAPS, { metadata }, { retry: false }).catch(() => undefined);
    }
  },
});
await client.close();
process.stdout.write(`${result}\n`);

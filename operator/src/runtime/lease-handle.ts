import type { KubeClient } from './client-types.ts';
import type { Clock } from './clock.ts';
import { isAlreadyExists, isConflict, isNotFound } from './errors.ts';
import {
  type Claim,
  claimedSpec,
  decideClaim,
  LEASES,
  type LeaseDurations,
  type Observation,
  observe,
  releasedSpec,
} from './lease-record.ts';

/** `heldFrom` is when the winning request was sent: others count from a later moment. */
export type Attempt = { held: true; heldFrom: number } | { held: false; holder: string; expiresAt: number };

export interface LeaseHandle {
  /** Creates, takes or renews the lease, if the rules allow it. Throws when the API server cannot be asked. */
  claim(options: { signal: AbortSignal; deadlineMs: number }): Promise<Attempt>;
  release(deadlineMs: number): Promise<void>;
}

export interface LeaseHandleDeps {
  client: Pick<KubeClient, 'find' | 'create' | 'replace'>;
  namespace: string;
  name: string;
  identity: string;
  clock: Clock;
  durations: LeaseDurations;
}

interface Call {
  signal?: AbortSignal;
  deadlineMs: number;
  retry: false;
}

export function createLeaseHandle({ client, namespace, name, identity, clock, durations }: LeaseHandleDeps): LeaseHandle {
  const { leaseMs } = durations;
  const metadata = { namespace, name };
  let seen: Observation | undefined;
  const record = () => claimedSpec(seen?.lease.spec, identity, { time: clock.wall(), leaseMs });

  const lostRace = (error: unknown) => isConflict(error) || isAlreadyExists(error) || isNotFound(error);

  /** True when our record is now the lease's. Somebody else's write in between makes it false. */
  async function write(call: Call): Promise<boolean> {
    try {
      const old = seen?.lease;
      const lease = old
        ? await client.replace(LEASES, { ...old, metadata: { ...metadata, ...old.metadata }, spec: record() }, call)
        : await client.create(LEASES, { metadata, spec: record() }, call);
      seen = observe(undefined, lease, clock.now());
      return true;
    } catch (error) {
      if (!lostRace(error)) throw error;
      return false;
    }
  }

  async function look(call: Call): Promise<void> {
    const lease = await client.find(LEASES, metadata, call);
    seen = lease ? observe(seen, lease, clock.now()) : undefined;
  }

  const mayClaim = (): Claim => (seen ? decideClaim(seen, identity, { now: clock.now(), leaseMs }) : { may: true });

  return {
    async claim({ signal, deadlineMs }) {
      const call: Call = { signal, deadlineMs, retry: false };
      // A leader knows the newest version: it renews with one request, and looks only after a conflict.
      if (seen?.lease.spec?.holderIdentity === identity) {
        const heldFrom = clock.now();
        if (await write(call)) return { held: true, heldFrom };
      }
      await look(call);
      const claim = mayClaim();
      if (!claim.may) return { held: false, ...claim };
      const heldFrom = clock.now();
      if (await write(call)) return { held: true, heldFrom };
      return { held: false, holder: '', expiresAt: clock.now() };
    },
    async release(deadlineMs) {
      if (!seen) return;
      const { lease } = seen;
      seen = undefined;
      await client.replace(LEASES, { ...lease, spec: releasedSpec(lease.spec, clock.wall()) }, { deadlineMs, retry: false });
    },
  };
}

import type { SecretDigest } from '../gather/secret-digest.ts';
import { digestSecret } from '../gather/secret-digest.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { orAborted } from '../runtime/deadline.ts';
import type { Log } from '../runtime/log.ts';
import { defineResource, type KubeObject, type Resource } from '../runtime/object.ts';
import { createReflector, type Reflector, type ReflectorObserver } from '../runtime/reflector.ts';
import { secrets as secretResource } from './kinds.ts';

interface AccessReview extends KubeObject {
  spec: object;
  status?: { allowed?: boolean };
}

const reviews = defineResource<AccessReview>({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
});

/** How long a "no" counts: somebody may grant it meanwhile. */
const deniedMs = 5 * 60_000;

export interface SecretStore {
  /** What is known of the namespace's Secrets, from their first list on; undefined where they may not be read. Fails with the signal. */
  of(namespace: string, signal: AbortSignal): Promise<ReadonlyMap<string, SecretDigest> | undefined>;
}

interface Watched {
  reflector: Reflector<SecretDigest>;
  /** By name; made again after a change, for a namespace may have as many ChatClusters as Secrets. */
  known?: ReadonlyMap<string, SecretDigest>;
}

export interface SecretStoreOptions {
  client: KubeClient;
  log: Log;
  metrics?: ReflectorObserver;
  /** Ends the watches. */
  signal: AbortSignal;
  now: () => number;
  onChange: (namespace: string) => void;
  /** Tasks that end with the signal. */
  run: (task: Promise<void>) => void;
}

/** Watches Secrets in those namespaces only in which a ChatCluster is and the operator may; keeps hashes, no content. */
export function createSecretStore(options: SecretStoreOptions): SecretStore {
  const { client, log, signal, now, metrics } = options;
  const watched = new Map<string, Watched>();
  const denied = new Map<string, number>();

  async function mayWatch(namespace: string, asking: AbortSignal): Promise<boolean> {
    const since = denied.get(namespace);
    if (since !== undefined && now() - since < deniedMs) return false;
    const resourceAttributes = { namespace, verb: 'watch', group: '', resource: 'secrets' };
    const review: AccessReview = { metadata: { name: '' }, spec: { resourceAttributes } };
    const { status } = await client.create<AccessReview>(reviews, review, { signal: asking });
    if (status?.allowed) return true;
    denied.set(namespace, now());
    return false;
  }

  function start(namespace: string): Watched {
    const reflector = createReflector<SecretDigest>({
      client,
      resource: secretResource as Resource<SecretDigest>,
      namespace,
      transform: digestSecret,
      log,
      ...(metrics && { metrics }),
    });
    const started: Watched = { reflector };
    watched.set(namespace, started);
    reflector.subscribe(() => {
      delete started.known;
      // Who asked before the first list is still waiting for it, and nobody else has seen anything.
      if (reflector.hasSynced()) options.onChange(namespace);
    });
    options.run(reflector.run(signal));
    return started;
  }

  return {
    async of(namespace, asking) {
      const found =
        watched.get(namespace) ?? ((await mayWatch(namespace, asking)) ? (watched.get(namespace) ?? start(namespace)) : undefined);
      if (found === undefined) return undefined;
      await orAborted(found.reflector.synced(), asking);
      return (found.known ??= new Map(found.reflector.store.list().map((secret) => [secret.metadata.name, secret])));
    },
  };
}

import { type Facts, names } from '@chatcluster/cdk8s';
import type { ResolvedSpec } from '../api/index.ts';
import type { Observed } from '../gather/observed.ts';
import type { SecretDigest } from '../gather/secret-digest.ts';
import { planPool } from './pool.ts';

/** The schema's default: whoever leaves it takes the image that came with the operator. */
const defaultRepository = 'chatcluster/server';

export function imageOf({ image }: ResolvedSpec, version: string, { requested, fallback }: { requested: string; fallback: string }): string {
  const isDefault = image.registry === undefined && image.repository === defaultRepository;
  const repository = isDefault ? fallback : [image.registry, image.repository].filter(Boolean).join('/');
  // A digest names one release; another one, that is come back to, has its tag only.
  return image.digest && version === requested ? `${repository}@${image.digest}` : `${repository}:${version}`;
}

/** What the rendering of one release needs to know of the world. */
export function factsFor(observed: Observed, { version, requested, applied }: { version: string; requested: string; applied: boolean }): Facts {
  const { spec, capabilities, settings, secrets } = observed;
  return {
    capabilities,
    checksums: checksumsOf(secrets, observed),
    databasePool: planPool(spec),
    migration: { version, applied },
    serverImage: imageOf(spec, version, { requested, fallback: settings.serverImage }),
    postgresImage: settings.postgresImage,
    redisImage: settings.redisImage,
    imagePullPolicy: settings.imagePullPolicy,
    ...externalPortsOf(spec, secrets),
    ...(settings.scalerUrl && { scalerUrl: settings.scalerUrl }),
  };
}

/** In the order of names: the facts are compared by their text. Generated ones never change by themselves. */
function checksumsOf(secrets: ReadonlyMap<string, SecretDigest> | undefined, { cluster }: Observed): Record<string, string> {
  const { databaseSecret, redisSecret } = names(cluster.metadata);
  const entries = [...(secrets ?? [])]
    .filter(([name]) => name !== databaseSecret && name !== redisSecret)
    .map(([name, { digest }]) => [name, digest] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function externalPortsOf(spec: ResolvedSpec, secrets: ReadonlyMap<string, SecretDigest> | undefined): Pick<Facts, 'externalPorts'> {
  const { urlSecretRef, readUrlSecretRef } = spec.database.external ?? {};
  const { urlsSecretRef } = spec.redis.external ?? {};
  const portsOf = (ref: { name: string; key: string } | undefined) => (ref && secrets?.get(ref.name)?.ports[ref.key]) ?? [];
  const database = [...new Set([...portsOf(urlSecretRef), ...portsOf(readUrlSecretRef)])];
  const redis = portsOf(urlsSecretRef);
  if (database.length === 0 && redis.length === 0) return {};
  return { externalPorts: { ...(database.length > 0 && { database }), ...(redis.length > 0 && { redis }) } };
}

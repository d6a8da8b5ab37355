import { databaseUrlRef } from '@chatcluster/cdk8s/manifests/secrets';
import { names } from '@chatcluster/cdk8s/names';
import type { Facts } from '@chatcluster/cdk8s/types';
import type { ResolvedSpec } from '../api/index.ts';
import type { Observed } from '../gather/observed.ts';
import { listReferencedSecrets } from '../gather/referenced-secrets.ts';
import type { SecretDigest } from '../gather/secret-digest.ts';
import { planPool } from './pool.ts';

export function imageOf(
  { image }: ResolvedSpec,
  version: string,
  { requested, fallback }: { requested: string; fallback: string },
): string {
  const repository = [image.registry, image.repository ?? fallback].filter(Boolean).join('/');
  // A digest names one release; another one, that is come back to, has its tag only.
  return image.digest && version === requested ? `${repository}@${image.digest}` : `${repository}:${version}`;
}

/** What the rendering of one release needs to know of the world. */
export function factsFor(
  observed: Observed,
  { version, requested, applied }: { version: string; requested: string; applied: boolean },
): Facts {
  const { spec, capabilities, settings, secrets } = observed;
  const { namespace, name } = observed.cluster.metadata;
  return {
    capabilities,
    checksums: checksumsOf(observed),
    databasePool: planPool(spec),
    migration: { version, applied },
    serverImage: imageOf(spec, version, { requested, fallback: settings.serverImage }),
    postgresImage: settings.postgresImage,
    redisImage: settings.redisImage,
    imagePullPolicy: spec.image.pullPolicy ?? settings.imagePullPolicy,
    ...externalPortsOf(spec, secrets),
    scalerUrl: `${settings.scalerUrl}/scaling/${namespace}/${name}`,
  };
}

/** Only of what pods use, since a change rolls them. A generated one is not read, but its version is known. */
function checksumsOf({ cluster, spec, secrets, redisSecretVersion }: Observed): Record<string, string> {
  const atStart = listReferencedSecrets(spec).filter(({ isWatched }) => !isWatched);
  const used = new Set([...atStart, ...listEnvSecrets(spec)].map(({ name }) => name));
  if (spec.database.cloudNativePG) used.add(databaseUrlRef({ ...cluster.metadata, spec }).name);
  const checksums: Record<string, string> = {};
  for (const name of [...used].sort()) {
    const secret = secrets?.get(name);
    if (secret) checksums[name] = secret.digest;
  }
  if (redisSecretVersion !== undefined) checksums[names(cluster.metadata).redisSecret] = redisSecretVersion;
  return checksums;
}

function listEnvSecrets({ podTemplate }: ResolvedSpec): { name: string }[] {
  const variables = (podTemplate.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []);
  const sources = (podTemplate.envFrom ?? []).flatMap(({ secretRef }) => secretRef ?? []);
  return [...variables, ...sources];
}

function externalPortsOf(spec: ResolvedSpec, secrets: ReadonlyMap<string, SecretDigest> | undefined): Pick<Facts, 'externalPorts'> {
  const portsOf = (ref: { name: string; key: string } | undefined) => (ref && secrets?.get(ref.name)?.ports[ref.key]) ?? [];
  const { urlSecretRef, readUrlSecretRef } = spec.database.external ?? {};
  const found = {
    database: [...new Set([...portsOf(urlSecretRef), ...portsOf(readUrlSecretRef)])].sort((a, b) => a - b),
    redis: portsOf(spec.redis.external?.urlsSecretRef),
    mail: portsOf(spec.mail?.smtpSecretRef),
  };
  const externalPorts = Object.fromEntries(Object.entries(found).filter(([, ports]) => ports.length > 0));
  return Object.keys(externalPorts).length > 0 ? { externalPorts } : {};
}

import type { ResolvedSpec } from '../api/index.ts';

export interface SecretUse {
  name: string;
  /** Absent: several. */
  key?: string;
  /** As it is written in the resource, for messages. */
  field: string;
}

/** Secrets of the user that the pods cannot do without. */
export function listReferencedSecrets(spec: ResolvedSpec): SecretUse[] {
  const { database, redis, auth, files, mail, push } = spec;
  const uses: (SecretUse | undefined)[] = [
    keyed('spec.database.external.urlSecretRef', database.external?.urlSecretRef),
    keyed('spec.database.external.readUrlSecretRef', database.external?.readUrlSecretRef),
    keyed('spec.redis.external.urlsSecretRef', redis.external?.urlsSecretRef),
    keyed('spec.auth.signingKeysSecretRef', auth.signingKeysSecretRef),
    ...auth.providers.map((provider) => keyed(`spec.auth.providers[${provider.name}].clientSecretRef`, provider.clientSecretRef)),
    keyed('spec.files.s3.credentialsSecretRef', files?.s3?.credentialsSecretRef),
    keyed('spec.mail.smtpSecretRef', mail?.smtpSecretRef),
    keyed('spec.push.vapidSecretRef', push?.vapidSecretRef),
  ];
  return uses.filter((use) => use !== undefined);
}

function keyed(field: string, ref: { name: string; key?: string } | undefined): SecretUse | undefined {
  return ref && { field, name: ref.name, ...(ref.key !== undefined && { key: ref.key }) };
}

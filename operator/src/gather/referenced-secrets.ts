import type { ResolvedSpec } from '../api/index.ts';

export interface SecretUse {
  name: string;
  keys: string[];
  /** As it is written in the resource, for messages. */
  field: string;
  /** Pods read it again by themselves: a change needs no new ones. */
  isWatched?: true;
}

/** Secrets of the user that the pods cannot do without. */
export function listReferencedSecrets(spec: ResolvedSpec): SecretUse[] {
  const { database, redis, auth, files, mail, push } = spec;
  const uses: (SecretUse | undefined)[] = [
    keyed('spec.database.external.urlSecretRef', database.external?.urlSecretRef),
    keyed('spec.database.external.readUrlSecretRef', database.external?.readUrlSecretRef),
    keyed('spec.database.external.caSecretRef', database.external?.caSecretRef),
    keyed('spec.redis.external.urlsSecretRef', redis.external?.urlsSecretRef),
    keyed('spec.redis.external.caSecretRef', redis.external?.caSecretRef),
    ...auth.providers.map(({ name, clientSecretRef }) =>
      whole(`spec.auth.providers[${name}].clientSecretRef`, clientSecretRef, ['clientId', 'clientSecret']),
    ),
    watched(whole('spec.auth.signingKeysSecretRef', auth.signingKeysSecretRef, ['keys'])),
    whole('spec.files.s3.credentialsSecretRef', files?.s3?.credentialsSecretRef, ['ACCESS_KEY_ID', 'ACCESS_SECRET_KEY']),
    keyed('spec.mail.smtpSecretRef', mail?.smtpSecretRef),
    whole('spec.push.vapidSecretRef', push?.vapidSecretRef, ['publicKey', 'privateKey']),
  ];
  return uses.filter((use) => use !== undefined);
}

function keyed(field: string, ref: { name: string; key: string } | undefined): SecretUse | undefined {
  return ref && { field, name: ref.name, keys: [ref.key] };
}

/** One whose keys are always called the same. */
function whole(field: string, ref: { name: string } | undefined, keys: string[]): SecretUse | undefined {
  return ref && { field, name: ref.name, keys };
}

function watched(use: SecretUse | undefined): SecretUse | undefined {
  return use && { ...use, isWatched: true };
}

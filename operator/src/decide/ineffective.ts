import type { ResolvedSpec } from '../api/index.ts';

/** Fields that are part of the resource but that nothing heeds yet; a person who wrote one should not wait for its effect. */
export function listIneffective({ auth, database, files, retention }: ResolvedSpec): string[] {
  return [
    ...(auth.signingKeysSecretRef ? ['spec.auth.signingKeysSecretRef (the server makes and keeps its own keys)'] : []),
    ...(database.external?.readUrlSecretRef ? ['spec.database.external.readUrlSecretRef (everything is read from the primary)'] : []),
    ...(files?.s3?.prefix === undefined ? [] : ['spec.files.s3.prefix (files lie at the top of the bucket)']),
    ...(Object.keys(retention).length > 0 ? ['spec.retention (everything is kept)'] : []),
  ];
}

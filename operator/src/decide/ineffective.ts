import type { ResolvedSpec } from '../api/index.ts';

/** Fields that are part of the resource but that nothing heeds yet; a person who wrote one should not wait for its effect. */
export function listIneffective({ auth, database }: ResolvedSpec): string[] {
  return [
    ...(auth.signingKeysSecretRef ? ['spec.auth.signingKeysSecretRef (the server makes and keeps its own keys)'] : []),
    ...(database.external?.readUrlSecretRef ? ['spec.database.external.readUrlSecretRef (everything is read from the primary)'] : []),
  ];
}

import type { ResolvedSpec } from '../api/index.ts';

/** Fields that are part of the resource but that nothing heeds yet; a person who wrote one should not wait for its effect. */
export function listIneffective({ database }: ResolvedSpec): string[] {
  return [
    ...(database.external?.readUrlSecretRef ? ['spec.database.external.readUrlSecretRef (everything is read from the primary)'] : []),
  ];
}

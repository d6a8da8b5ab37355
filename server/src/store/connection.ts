import type pg from 'pg';

export interface Database {
  databaseUrl: string;
  /** PEM of the CA of its certificate. @default what the URL says */
  databaseCa?: string | undefined;
}

/** Past a pooler: for what holds locks or snapshots on one connection. */
export function directOf(config: { databaseDirectUrl: string; databaseCa: string | undefined }): Database {
  return { databaseUrl: config.databaseDirectUrl, databaseCa: config.databaseCa };
}

/** What node-postgres needs to connect; a CA of ours takes the place of what the URL says of TLS. */
export function connectionOf(database: Database | string): Pick<pg.ClientConfig, 'connectionString' | 'ssl'> {
  const { databaseUrl, databaseCa = undefined } = typeof database === 'string' ? { databaseUrl: database } : database;
  if (databaseCa === undefined) return { connectionString: databaseUrl };
  const url = new URL(databaseUrl);
  for (const name of ['ssl', 'sslmode', 'sslrootcert']) url.searchParams.delete(name);
  // The name to check; node-postgres gives none for an address.
  const host = url.hostname.replace(/^\[(.+)\]$/, '$1');
  return { connectionString: url.href, ssl: { ca: databaseCa, host } as pg.ClientConfig['ssl'] & object };
}

/** OpenSSL's and Node's words for a certificate that is not believed. */
const refusals = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** The certificate is not believed, or there is none: waiting does not mend that. */
export function isTlsRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return refusals.has(code) || error.message.includes('server does not support SSL');
}

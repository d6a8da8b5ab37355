import { ConfigError, type Env, integer, url } from './env.ts';

export type FileStoreConfig =
  | { kind: 'volume'; dir: string }
  | {
      kind: 's3';
      endpoint: string | undefined;
      /** As browsers reach it. */
      publicEndpoint: string | undefined;
      bucket: string;
      /** In front of every key; '' or ends with a slash. */
      prefix: string;
      region: string;
      accessKeyId: string;
      secretAccessKey: string;
    };

export interface FilesConfig {
  /** undefined: no uploads. */
  store: FileStoreConfig | undefined;
  /** Bytes of all files of one person. */
  quotaBytes: number;
  /** How long a signed URL works, at least; at most twice as long. */
  linkSeconds: number;
  /** A file that was never posted is removed after this. */
  orphanSeconds: number;
  sweepSeconds: number;
}

/** Another origin from which browsers load files. */
export function fileOrigin(store: FileStoreConfig | undefined): string | undefined {
  if (store?.kind !== 's3') return undefined;
  const endpoint = store.publicEndpoint ?? store.endpoint;
  return endpoint === undefined ? `https://${store.bucket}.s3.${store.region}.amazonaws.com` : new URL(endpoint).origin;
}

const GIB = 1024 ** 3;

export function parseFilesConfig(env: Env): FilesConfig {
  return {
    store: parseStore(env),
    quotaBytes: integer(env, 'FILES_QUOTA_BYTES', 2 * GIB, { min: 1 }),
    linkSeconds: integer(env, 'FILES_LINK_SECONDS', 900, { min: 10, max: 86_400 }),
    orphanSeconds: integer(env, 'FILES_ORPHAN_SECONDS', 86_400, { min: 60 }),
    sweepSeconds: integer(env, 'FILES_SWEEP_SECONDS', 600, { min: 1 }),
  };
}

/** `area`: how the variables begin, FILES or BACKUP. */
export function parseStore(env: Env, area = 'FILES'): FileStoreConfig | undefined {
  const bucket = env[`${area}_S3_BUCKET`];
  const dir = env[`${area}_DIR`];
  if (bucket && dir) throw new ConfigError(`${area}_DIR and ${area}_S3_BUCKET are both set; choose one place`);
  if (dir) return { kind: 'volume', dir };
  if (!bucket) {
    const stray = ['ENDPOINT', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'].map((name) => `${area}_S3_${name}`).find((name) => env[name]);
    if (stray) throw new ConfigError(`${stray} is set, but ${area}_S3_BUCKET is not`);
    return undefined;
  }
  const endpoint = (name: string) => (env[name] ? url(name, env[name], ['http:', 'https:']) : undefined);
  const prefix = env[`${area}_S3_PREFIX`];
  const required = (name: string) => {
    const value = env[name];
    if (!value) throw new ConfigError(`${name} is not set; ${area}_S3_BUCKET needs it`);
    return value;
  };
  return {
    kind: 's3',
    bucket,
    prefix: prefix ? `${prefix.replace(/^\/+|\/+$/g, '')}/` : '',
    endpoint: endpoint(`${area}_S3_ENDPOINT`),
    publicEndpoint: endpoint(`${area}_S3_PUBLIC_ENDPOINT`),
    region: env[`${area}_S3_REGION`] || 'us-east-1',
    accessKeyId: required(`${area}_S3_ACCESS_KEY_ID`),
    secretAccessKey: required(`${area}_S3_SECRET_ACCESS_KEY`),
  };
}

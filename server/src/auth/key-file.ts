import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { JWK } from 'jose';
import { ConfigError } from '../config/env.ts';

/** One key of the file. Without a private part it only verifies. */
export interface FileKey {
  kid: string;
  privateKey: KeyObject | undefined;
  publicKey: KeyObject;
}

const MAX_BYTES = 65_536;
const MAX_KEYS = 20;
const PEM = /-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g;

/**
 * The keys of SIGNING_KEYS_FILE in their order: a JSON Web Key Set, one key as JSON, or PEM blocks one after the other. The first
 * one signs. Throws ConfigError with what is wrong and where; never with anything of the content.
 */
export async function readKeyFile(path: string): Promise<FileKey[]> {
  const fail = (what: string): never => {
    throw new ConfigError(`SIGNING_KEYS_FILE="${path}": ${what}`);
  };
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => fail(`it cannot be read (${error.code})`));
  if (text.length > MAX_BYTES) return fail(`it is larger than ${MAX_BYTES} bytes`);
  const given = split(text);
  if (given === undefined || given.length === 0) return fail('it must hold a JSON Web Key Set, or Ed25519 keys as PEM');
  if (given.length > MAX_KEYS) return fail(`it holds more than ${MAX_KEYS} keys`);
  const keys = given.map((one, index) => toKey(one) ?? fail(`key ${index + 1} is not an Ed25519 key`));
  if (keys[0]!.privateKey === undefined) return fail('the first key signs, and has no private part');
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) return fail('two keys have the same id');
  return keys;
}

type Given = { pem: string } | { jwk: Record<string, unknown> };

function split(text: string): Given[] | undefined {
  if (!text.trimStart().startsWith('{')) return text.match(PEM)?.map((pem) => ({ pem }));
  try {
    const set = JSON.parse(text) as Record<string, unknown>;
    const list: unknown[] = Array.isArray(set.keys) ? set.keys : [set];
    return list.map((jwk) => ({ jwk: Object(jwk) as Record<string, unknown> }));
  } catch {
    return undefined;
  }
}

function toKey(given: Given): FileKey | undefined {
  try {
    const isPrivate = 'pem' in given ? given.pem.includes('PRIVATE KEY') : given.jwk.d !== undefined;
    const input = 'pem' in given ? given.pem : ({ key: given.jwk, format: 'jwk' } as const);
    const privateKey = isPrivate ? createPrivateKey(input) : undefined;
    const publicKey = createPublicKey(privateKey ?? input);
    if (publicKey.asymmetricKeyType !== 'ed25519' || !isOwn(privateKey, given)) return undefined;
    const kid = 'jwk' in given ? given.jwk.kid : undefined;
    if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > 200)) return undefined;
    return { kid: kid ?? thumbprint(publicKey), privateKey, publicKey };
  } catch {
    // What OpenSSL says of a bad key may quote it.
    return undefined;
  }
}

/** Node takes the public part of a JWK as it stands; with one of another key nobody would accept what is signed. */
function isOwn(privateKey: KeyObject | undefined, given: Given): boolean {
  if (privateKey === undefined || !('jwk' in given)) return true;
  const again = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return createPublicKey(again).export({ format: 'jwk' }).x === given.jwk.x;
}

/** RFC 7638. */
function thumbprint(key: KeyObject): string {
  const { crv, kty, x } = key.export({ format: 'jwk' }) as JWK;
  return createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url');
}

import { createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';
import { importJWK, type JWK, SignJWT } from 'jose';

/** As the browser gave it; keys in base64url. */
export interface PushTarget {
  endpoint: string;
  p256dh: string;
  auth: string;
}

/** An application server's own key pair (RFC 8292): the public one uncompressed, both in base64url. */
export interface VapidKeys {
  publicKey: string;
  privateKey: string;
}

const CURVE = 'prime256v1';
const PUBLIC_KEY_BYTES = 65;
const AUTH_BYTES = 16;
const RECORD_BYTES = 4_096;
/** One record, less its header, tag and delimiter: what every push service takes. */
export const MAX_PLAIN_BYTES = RECORD_BYTES - 86 - 16 - 1;
const JWT_SECONDS = 12 * 3_600;

const decode = (text: string) => Buffer.from(text, 'base64url');

/** Why these keys cannot be used, or undefined. */
export function checkTarget({ p256dh, auth }: Pick<PushTarget, 'p256dh' | 'auth'>): 'p256dh' | 'auth' | undefined {
  if (decode(auth).length !== AUTH_BYTES) return 'auth';
  try {
    const ecdh = createECDH(CURVE);
    ecdh.generateKeys();
    ecdh.computeSecret(decode(p256dh));
    return decode(p256dh).length === PUBLIC_KEY_BYTES ? undefined : 'p256dh';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return 'p256dh';
    throw error;
  }
}

export function createVapidKeys(): VapidKeys {
  const ecdh = createECDH(CURVE);
  const publicKey = ecdh.generateKeys('base64url');
  // Leading zeros are cut off, and the key is a number of 32 bytes.
  const privateKey = Buffer.concat([Buffer.alloc(32), ecdh.getPrivateKey()])
    .subarray(-32)
    .toString('base64url');
  return { publicKey, privateKey };
}

export interface EncryptOptions {
  /** For the test vector of the RFC. @default fresh ones, as each message needs */
  salt?: Buffer;
  privateKey?: Buffer;
}

/** RFC 8291: the body of a push message, which only the browser can read. */
export function encryptPush(plain: Buffer, target: PushTarget, options: EncryptOptions = {}): Buffer {
  const ecdh = createECDH(CURVE);
  if (options.privateKey) ecdh.setPrivateKey(options.privateKey);
  else ecdh.generateKeys();
  const [ours, theirs, salt] = [ecdh.getPublicKey(), decode(target.p256dh), options.salt ?? randomBytes(16)];
  const derive = (ikm: Buffer, saltOf: Buffer, info: Buffer, bytes: number) => Buffer.from(hkdfSync('sha256', ikm, saltOf, info, bytes));
  const keyInfo = Buffer.concat([Buffer.from('WebPush: info\0'), theirs, ours]);
  const secret = derive(ecdh.computeSecret(theirs), decode(target.auth), keyInfo, 32);
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  // 2: the last record, without padding.
  const body = Buffer.concat([cipher.update(plain), cipher.update(Buffer.from([2])), cipher.final(), cipher.getAuthTag()]);
  const header = Buffer.alloc(21);
  salt.copy(header);
  header.writeUInt32BE(RECORD_BYTES, 16);
  header.writeUInt8(ours.length, 20);
  return Buffer.concat([header, ours, body]);
}

/** RFC 8292: tells the push service who sends. `subject`: where its operators reach us, mailto: or https:. */
export async function vapidHeader(keys: VapidKeys, endpoint: string, subject: string): Promise<string> {
  const point = decode(keys.publicKey);
  const jwk: JWK = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
    d: keys.privateKey,
  };
  const token = await new SignJWT({ sub: subject })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
    .setAudience(new URL(endpoint).origin)
    .setExpirationTime(Math.floor(Date.now() / 1_000) + JWT_SECONDS)
    .sign(await importJWK(jwk, 'ES256'));
  return `vapid t=${token}, k=${keys.publicKey}`;
}

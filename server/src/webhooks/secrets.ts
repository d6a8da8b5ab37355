import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Keys } from '../auth/keys.ts';

type Mac = Pick<Keys, 'mac' | 'isMac'>;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID_BYTES = 16;

export type Secrets = ReturnType<typeof createSecrets>;

/**
 * Secrets of webhooks, all from the installation's own key: nothing that could be used is in their table. The address of an
 * incoming one is its id and a proof; the secret of an outgoing one is derived from its id, or sealed when somebody gave one.
 */
export function createSecrets(keys: Mac) {
  const sealingKey = () => keys.mac('webhook secrets are sealed with this');

  return {
    derive: (webhookId: string): Buffer => keys.mac(`webhook secret ${webhookId}`).subarray(0, 24),
    /** Bound to its webhook: moved to another row it does not open. */
    seal(secret: Buffer, webhookId: string): Buffer {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, sealingKey(), nonce).setAAD(Buffer.from(webhookId));
      const sealed = Buffer.concat([cipher.update(secret), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
    },
    /** Throws when it was sealed by another installation. */
    open(sealed: Buffer, webhookId: string): Buffer {
      const tagEnd = NONCE_BYTES + TAG_BYTES;
      const decipher = createDecipheriv(CIPHER, sealingKey(), sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(webhookId))
        .setAuthTag(sealed.subarray(NONCE_BYTES, tagEnd));
      return Buffer.concat([decipher.update(sealed.subarray(tagEnd)), decipher.final()]);
    },
    /** What the address of an incoming webhook ends with. */
    token(webhookId: string): string {
      const proof = keys.mac(`webhook token ${webhookId}`);
      return Buffer.concat([Buffer.from(webhookId.replaceAll('-', ''), 'hex'), proof]).toString('base64url');
    },
    /** The webhook that the token is for; undefined: nobody gave this out. */
    readToken(token: string): string | undefined {
      const bytes = Buffer.from(token, 'base64url');
      // One token has one spelling.
      if (bytes.length <= ID_BYTES || bytes.toString('base64url') !== token) return undefined;
      const id = bytes.toString('hex', 0, ID_BYTES).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
      return keys.isMac(`webhook token ${id}`, bytes.subarray(ID_BYTES)) ? id : undefined;
    },
  };
}

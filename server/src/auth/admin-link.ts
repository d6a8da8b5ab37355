import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { OwnUser } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { takeAdminLink } from '../store/sql/admin-links.ts';
import type { AccountDeps } from './accounts.ts';
import type { Device } from './sign-in.ts';
import type { Principal } from './types.ts';

/** At least 128 bits where it is made of hexadecimal digits. */
const TOKEN = /^[\w-]{32,256}$/;

export interface AdminLinkDeps extends Pick<AccountDeps, 'db' | 'log' | 'limits'> {
  /** Where the token of the link is; it may come, change and go while the server runs. Absent: there is no link. */
  file: string | undefined;
}

/** Makes whoever has the link the first administrator, once. */
export type BecomeAdmin = (principal: Principal, token: string, device: Device) => Promise<OwnUser>;

/**
 * Whoever runs the installation can read the token (a Secret, a file) and is so known before any address is proven. It is for the
 * first administrator only: once there is one, a link that was left lying about grants nothing.
 */
export function createAdminLink({ db, log, limits, file }: AdminLinkDeps): BecomeAdmin {
  const digest = (text: string) => createHash('sha256').update(text).digest();

  async function isRight(token: string): Promise<boolean> {
    const wanted = file === undefined ? '' : await readToken(file);
    // Hashes, as they have one length whatever is given.
    return TOKEN.test(wanted) && timingSafeEqual(digest(token), digest(wanted));
  }

  async function readToken(path: string): Promise<string> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      // A Secret that somebody removed is how a link is taken back.
      if (error.code !== 'ENOENT') log.warn({ err: error }, 'the token of the administrator link cannot be read');
      return '';
    });
    return text.trim();
  }

  return async ({ userId, guest }, token, { address }) => {
    await limits.link(address);
    if (!(await isRight(token))) throw new ChatError('not_found', { message: 'This link is not good (any more).' });
    if (guest) throw new ChatError('forbidden', { message: 'Create an account first; a guest cannot administrate.' });
    const user = await takeAdminLink(db, { hash: digest(token), userId, address });
    if (!user) throw new ChatError('conflict', { message: 'This link was used, or there is an administrator already: ask them.' });
    log.info({ userId }, 'first administrator');
    return user;
  };
}

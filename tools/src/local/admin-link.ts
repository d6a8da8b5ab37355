import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDir, type Settings } from './settings.ts';

/** Token of the link that makes the first administrator. */
export const adminLinkFile = join(localDir, 'admin-link-token');

/** Stays from one start to the next, as the database does. */
export function makeAdminToken(): void {
  if (!existsSync(adminLinkFile)) writeFileSync(adminLinkFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
}

/** Undefined: the caller has given administrators, or a token, of their own; or it was started before there was one. */
export function readAdminToken({ passThrough }: Settings): string | undefined {
  if (passThrough.ADMIN_EMAILS || passThrough.ADMIN_LINK_FILE || !existsSync(adminLinkFile)) return undefined;
  return readFileSync(adminLinkFile, 'utf8').trim();
}

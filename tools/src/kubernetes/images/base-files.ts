import { existsSync } from 'node:fs';
import type { Entry } from './tar.ts';

/** As in common distroless images. */
export const SERVER_USER = 65_532;
export const DATA_USER = 10_001;

const certificates = '/etc/ssl/certs/ca-certificates.crt';

/** What programs expect of a system: names of users, trusted authorities, a place for temporary files. */
export function baseFiles(user: { name: string; id: number }): Entry[] {
  return [
    {
      type: 'file',
      path: 'etc/passwd',
      content: `root:x:0:0:root:/:/sbin/nologin\n${user.name}:x:${user.id}:${user.id}:${user.name}:/tmp:/sbin/nologin\n`,
    },
    { type: 'file', path: 'etc/group', content: `root:x:0:\n${user.name}:x:${user.id}:\n` },
    { type: 'file', path: 'etc/nsswitch.conf', content: 'hosts: files dns\n' },
    { type: 'folder', path: 'tmp', mode: 0o1777 },
    ...(existsSync(certificates) ? [{ type: 'file', path: certificates.slice(1), from: certificates } as const] : []),
  ];
}

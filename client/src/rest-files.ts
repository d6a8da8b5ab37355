import type { Attachment, FileUpload, OwnUser } from '@chatcluster/protocol';
import type { Call } from './rest.ts';

export interface NewFile {
  name: string;
  type: string;
  bytes: number;
  /** Hex. */
  sha256: string;
  /** Uploaded in this many pieces. */
  parts?: number;
  /** The same one again gives the same file. */
  clientId?: string;
}

const one = (id: string, ...rest: string[]) => ['/v1/files', encodeURIComponent(id), ...rest].join('/');

/** The steps of an upload; `client.upload` takes them all. */
export function fileRoutes(call: Call) {
  return {
    createFile: (body: NewFile) => call<FileUpload>({ method: 'POST', path: '/v1/files', body }),
    completeFile: (id: string) => call<Attachment>({ method: 'POST', path: one(id, 'complete') }),
    /** Of one that was never posted. */
    dropFile: (id: string) => call<void>({ method: 'DELETE', path: one(id) }),
    /**
     * The account and all that belongs to it; its sockets are ended with `account_deleted`. Accounts with a password need it
     * (`forbidden` when it is wrong); others must have signed in less than ten minutes ago, guests excepted (`forbidden` with
     * `details.reason` `sign_in_again`).
     */
    deleteMe: (body: { password?: string } = {}) => call<void>({ method: 'DELETE', path: '/v1/users/me', body }),
    /** An uploaded image as one's picture; null removes it. */
    setAvatar: (fileId: string | null) => call<OwnUser>({ method: 'PUT', path: '/v1/users/me/avatar', body: { fileId } }),
  };
}

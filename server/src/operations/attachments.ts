import type { Attachment } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Db } from '../store/sql/auth-keys.ts';
import { attachFiles, shareFiles, type StoredFile } from '../store/sql/files.ts';

/** As messages carry it: it does not change any more. */
export function toAttachment(file: StoredFile): Attachment {
  const url = `/v1/files/${file.id}`;
  return {
    fileId: file.id,
    name: file.name,
    type: file.type,
    bytes: file.bytes,
    ...(file.width !== null && file.height !== null && { width: file.width, height: file.height }),
    url,
    ...(file.hasThumbnail && { thumbnailUrl: `${url}/thumbnail` }),
    ...(file.preview !== null && { preview: file.preview }),
  };
}

type Use = { conversationId: string; messageId: string; fileIds: string[] };

/** Notes that a message shows files: that is what makes them readable to others. */
export function createAttach(db: Db) {
  return {
    /** Only files of one's own that are complete. */
    async own(use: Use & { ownerId: string }): Promise<Attachment[]> {
      const fileIds = [...new Set(use.fileIds)];
      const files = await attachFiles(db, { ...use, fileIds });
      if (files.length === fileIds.length) return files.map(toAttachment);
      const issue = 'names a file that you did not upload, or not completely';
      throw new ChatError('invalid', { details: [{ path: 'attachments', issue }] });
    },
    /** Of a message that the sender may read; a file that is gone by now stays gone. */
    async shared(use: Use): Promise<void> {
      if (use.fileIds.length > 0) await shareFiles(db, use);
    },
  };
}
export type Attach = ReturnType<typeof createAttach>;

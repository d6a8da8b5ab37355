import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { LinkPreview, Message } from '@chatcluster/protocol';
import { findLinks } from './find-links.ts';
import { toStream } from '../files/file-jobs.ts';
import type { CardPicture } from '../files/images.ts';
import { contentKey } from '../files/keys.ts';
import type { FileStore } from '../files/store.ts';
import { entryId } from '../ids.ts';
import { type JobHandler, PermanentJobError } from '../jobs/runner.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { shareFiles } from '../store/sql/files.ts';
import * as sql from '../store/sql/link-previews.ts';
import type { ChangeStored } from '../store/types.ts';
import type { ReadLink } from './read-link.ts';

export interface PreviewJobDeps {
  db: Db;
  findMessage(conversationId: string, messageId: string): Promise<Message | null>;
  readLink(link: string, signal: AbortSignal): Promise<ReadLink>;
  /** undefined: previews have no pictures. */
  fileStore: FileStore | undefined;
  ownOrigin: string | undefined;
  onChange(conversationId: string, changes: ChangeStored[]): void;
}

const payloadSchema = z.object({ conversationId: z.uuid(), messageId: z.uuid(), seq: z.number().int().positive() });

const MAX_LINKS = 3;
const MAX_ATTEMPTS = 5;
const HOUR = 3_600;
const keepSeconds = { found: 24 * HOUR, lasting: 24 * HOUR, passing: HOUR / 4 };
/** One installation must not be a burden to a host, nor one person use it to visit pages. */
const limits = { hostPerMinute: 60, userPerHour: 100, guestPerHour: 20 };

type Visitor = { userId: string; guest: boolean };

/** The handler of the jobs `link-preview`: what one body of a message links to, shown to all who read it. May run twice. */
export function createPreviewJob(deps: PreviewJobDeps): JobHandler {
  const { db } = deps;
  /** Of this pod: a link that many post at once is read once. */
  const open = new Map<string, Promise<LinkPreview | null>>();

  async function previewOf(link: string, visitor: Visitor, signal: AbortSignal): Promise<LinkPreview | null> {
    const address = new URL(link);
    address.hash = '';
    const known = await sql.findPreview(db, address.href);
    // The same page by another spelling of its address.
    if (known !== undefined) return known && { ...known, url: link };
    const running = open.get(address.href);
    if (running) return running.then((found) => found && { ...found, url: link });
    const work = fetchNew(link, address, visitor, signal).finally(() => open.delete(address.href));
    open.set(address.href, work);
    return work;
  }

  async function fetchNew(link: string, { host, href }: URL, { userId, guest }: Visitor, signal: AbortSignal): Promise<LinkPreview | null> {
    const userPerHour = guest ? limits.guestPerHour : limits.userPerHour;
    if (!(await sql.claimFetch(db, { url: href, host, userId, userPerHour, hostPerMinute: limits.hostPerMinute }))) return null;
    const read = await deps.readLink(link, signal);
    const preview = read.kind === 'nothing' ? null : { ...read.texts, ...(read.picture && { image: await keep(read.picture) }) };
    const seconds = read.kind === 'found' ? keepSeconds.found : read.isLasting ? keepSeconds.lasting : keepSeconds.passing;
    await sql.savePreview(db, href, preview, seconds);
    return preview;
  }

  /** Bytes first: a row without them would be a picture that is never there. What dies in between is swept. */
  async function keep({ content, width, height, preview }: CardPicture): Promise<LinkPreview['image']> {
    const id = randomUUID();
    await deps.fileStore!.write(contentKey(id), toStream(content), 'image/webp');
    const sha256 = createHash('sha256').update(content).digest();
    await sql.insertPicture(db, { id, name: 'preview.webp', bytes: content.length, sha256, width, height, preview });
    return { fileId: id, url: `/v1/files/${id}`, width, height, preview };
  }

  async function run(raw: unknown, signal: AbortSignal): Promise<void> {
    const payload = payloadSchema.safeParse(raw);
    if (!payload.success) throw new PermanentJobError('the payload is not that of a link preview');
    const { conversationId, messageId, seq } = payload.data;
    const message = await deps.findMessage(conversationId, messageId);
    if (message === null || message.deletedAt !== undefined) return;
    // Of a webhook, or of somebody who is gone.
    const { guest } = (await sql.loadAuthor(db, message.actorId)) ?? { guest: true };
    const visitor = { userId: message.actorId, guest };
    const links = findLinks(message.body, { limit: MAX_LINKS, ownOrigin: deps.ownOrigin });
    const found = await Promise.all(links.map((link) => previewOf(link, visitor, signal)));
    const previews = found.filter((preview) => preview !== null);
    await shareFiles(db, { conversationId, messageId, fileIds: previews.flatMap(({ image }) => image?.fileId ?? []) });
    const result = await sql.appendPreviews(db, {
      ...{ conversationId, messageId, previews, ofSeq: seq, actorId: message.actorId },
      // Of the body that it is made of: a job that runs twice writes one entry.
      id: entryId(conversationId, messageId, `previews:${seq}`),
      clientMsgId: null,
      expectVersion: null,
    });
    if (result.status === 'stored') deps.onChange(conversationId, [result]);
  }

  return { run: (payload, { signal }) => run(payload, signal), maxAttempts: MAX_ATTEMPTS };
}

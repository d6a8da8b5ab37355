import type { Attachment, FileUpload, UploadRequest } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { backoffMs } from './backoff.ts';
import type { Rest } from './rest.ts';
import type { Scheduler } from './scheduler.ts';
import { putBytes } from './put-bytes.ts';

export interface UploadOptions {
  /** @default the name of a `File`, otherwise "file" */
  name?: string;
  /** Cancels it: the promise rejects with the signal's reason, and what was uploaded is dropped. */
  signal?: AbortSignal;
  /** Share of the bytes that have arrived, from 0 to 1. */
  onProgress?: (share: number) => void;
}

export interface UploadDeps {
  rest: Pick<Rest, 'createFile' | 'completeFile' | 'dropFile'>;
  fetch: typeof globalThis.fetch;
  scheduler: Scheduler;
  random: () => number;
  newId: () => string;
}

/** Uploads a file; `attachments` of a send takes its `fileId`. Throws a ChatError when the server refuses it. */
export type Upload = (file: Blob, options?: UploadOptions) => Promise<Attachment>;

/** Above this a file goes in parts, so that a lost connection costs one part and not all. */
const PART_BYTES = 5 * 1024 * 1024;
/** In a row, without a part having arrived. */
const MAX_FAILURES = 8;

interface Piece {
  request: UploadRequest;
  offset: number;
  bytes: number;
}

export function createUpload(deps: UploadDeps): Upload {
  return async (file, options = {}) => {
    options.signal?.throwIfAborted();
    const parts = Math.ceil(file.size / PART_BYTES);
    const announced = {
      name: options.name ?? (file instanceof File ? file.name : 'file'),
      type: file.type.split(';')[0] || 'application/octet-stream',
      bytes: file.size,
      sha256: await hexDigest(file),
      ...(parts > 1 && { parts }),
      clientId: deps.newId(),
    };
    let fileId: string | undefined;
    try {
      return await persist(deps, options, async (progressed) => {
        const upload = await deps.rest.createFile(announced).catch(unlessTaken);
        if (upload !== undefined) {
          fileId = upload.fileId;
          await putPieces({ deps, file, options, progressed }, upload);
        }
        return deps.rest.completeFile(fileId ?? '');
      });
    } catch (error) {
      // Left behind it would count towards the quota for a day.
      if (fileId !== undefined) deps.rest.dropFile(fileId).catch(() => undefined);
      throw error;
    }
  };
}

/** The answer of an earlier try was lost: everything has arrived already. */
function unlessTaken(error: unknown): undefined {
  if (error instanceof ChatError && error.code === 'conflict') return undefined;
  throw error;
}

interface Transfer {
  deps: UploadDeps;
  file: Blob;
  options: UploadOptions;
  progressed: () => void;
}

async function putPieces({ deps, file, options, progressed }: Transfer, upload: FileUpload): Promise<void> {
  const { missing, arrived } = planPieces(upload, file.size);
  let done = arrived;
  options.onProgress?.(done / file.size);
  for (const { request, offset, bytes } of missing) {
    await putBytes(request, file.slice(offset, offset + bytes), {
      fetch: deps.fetch,
      signal: options.signal,
      onProgress: (sent) => options.onProgress?.(Math.min(1, (done + sent) / file.size)),
    });
    done += bytes;
    progressed();
    options.onProgress?.(done / file.size);
  }
}

function planPieces(upload: FileUpload, size: number): { missing: Piece[]; arrived: number } {
  if (upload.upload) return { missing: [{ request: upload.upload, offset: 0, bytes: size }], arrived: 0 };
  const parts = upload.parts ?? [];
  return {
    missing: parts.filter(({ received }) => !received).map((part) => ({ request: part, offset: part.offset, bytes: part.bytes })),
    arrived: parts.reduce((sum, part) => sum + (part.received ? part.bytes : 0), 0),
  };
}

/** Repeats what may pass, from the first part that has not arrived. */
async function persist<T>(deps: UploadDeps, { signal }: UploadOptions, attempt: (progressed: () => void) => Promise<T>): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await attempt(() => (failures = 0));
    } catch (error) {
      signal?.throwIfAborted();
      failures += 1;
      if (!(error instanceof ChatError) || !error.retryable || failures >= MAX_FAILURES) throw error;
      await pause(deps.scheduler, backoffMs(failures, deps.random, error.retryAfterMs), signal);
    }
  }
}

function pause(scheduler: Scheduler, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = scheduler.after(delayMs, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    const stop = () => {
      cancel();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', stop, { once: true });
  });
}

async function hexDigest(file: Blob): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

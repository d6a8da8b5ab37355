import type { UploadRequest } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';

export interface PutOptions {
  fetch: typeof globalThis.fetch;
  signal: AbortSignal | undefined;
  /** Bytes that went out so far. */
  onProgress(sent: number): void;
}

/** What of the browser's XMLHttpRequest is used; this package has no DOM. */
interface Xhr {
  readonly status: number;
  readonly upload: { addEventListener(name: 'progress', listener: (event: { loaded: number }) => void): void };
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  addEventListener(name: 'load' | 'error' | 'loadend', listener: (event: unknown) => void): void;
  send(body: Blob): void;
  abort(): void;
}

const xhrClass = () => (globalThis as { XMLHttpRequest?: new () => Xhr }).XMLHttpRequest;

/** One signed request, without credentials: the URL is what allows it. Throws a ChatError, or the signal's reason. */
export async function putBytes(request: UploadRequest, body: Blob, options: PutOptions): Promise<void> {
  const Xhr = xhrClass();
  const status = await (Xhr === undefined ? byFetch(request, body, options) : byXhr(new Xhr(), { ...request, body, ...options }));
  if (status >= 200 && status < 300) return;
  // An expired link is replaced by the next try.
  const code = status === 403 || status === 429 || status >= 500 ? 'unavailable' : status === 413 ? 'too_large' : 'invalid';
  throw new ChatError(code, { message: `The upload was answered with ${status}.` });
}

function lost(cause: unknown): ChatError {
  return new ChatError('unavailable', { message: 'The connection was lost while uploading.', cause });
}

async function byFetch({ method, url, headers }: UploadRequest, body: Blob, { fetch, signal }: PutOptions): Promise<number> {
  try {
    const answer = await fetch(url, { method, headers, body, credentials: 'omit', signal: signal ?? null });
    await answer.body?.cancel();
    return answer.status;
  } catch (cause) {
    signal?.throwIfAborted();
    throw lost(cause);
  }
}

/** Only this way do browsers tell how much of a body has gone out. */
function byXhr(xhr: Xhr, { method, url, headers, body, signal, onProgress }: UploadRequest & PutOptions & { body: Blob }): Promise<number> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      xhr.abort();
      reject(signal?.reason as Error);
    };
    if (signal?.aborted) return stop();
    signal?.addEventListener('abort', stop, { once: true });
    xhr.open(method, url);
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
    xhr.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded));
    xhr.addEventListener('load', () => resolve(xhr.status));
    xhr.addEventListener('error', (cause) => reject(lost(cause)));
    xhr.addEventListener('loadend', () => signal?.removeEventListener('abort', stop));
    xhr.send(body);
  });
}

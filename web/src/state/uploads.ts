import type { ChatClient } from '@chatcluster/client/types';
import type { Attachment } from '@chatcluster/protocol';
import { createStore } from 'zustand/vanilla';

/** A file on its way into a message that is being written. */
export interface PendingUpload {
  key: string;
  /** The composer it belongs to: of a conversation, or of a thread in it. */
  place: string;
  file: File;
  /** Of a picture, until the upload is gone from the composer. */
  localUrl: string | undefined;
  state: 'uploading' | 'ready' | 'failed' | 'too-large';
  /** From 0 to 1. */
  share: number;
  attachment?: Attachment;
}

export type Uploads = ReturnType<typeof createUploads>;

/** Files are uploaded while one still writes; a message takes those that are ready. */
export function createUploads(client: ChatClient, onTooMany: () => void) {
  const store = createStore<{ all: readonly PendingUpload[] }>(() => ({ all: [] }));
  const running = new Map<string, AbortController>();
  const find = (key: string) => store.getState().all.find((upload) => upload.key === key);
  const change = (key: string, part: Partial<PendingUpload>) =>
    store.setState(({ all }) => ({ all: all.map((upload) => (upload.key === key ? { ...upload, ...part } : upload)) }));

  function forget(upload: PendingUpload): void {
    if (upload.localUrl) URL.revokeObjectURL(upload.localUrl);
    store.setState(({ all }) => ({ all: all.filter(({ key }) => key !== upload.key) }));
  }

  function start({ key, file }: PendingUpload): void {
    const stop = new AbortController();
    running.set(key, stop);
    client
      .upload(file, { signal: stop.signal, onProgress: (share) => change(key, { share }) })
      .then(
        (attachment) => change(key, { state: 'ready', share: 1, attachment }),
        () => change(key, { state: 'failed' }),
      )
      .finally(() => running.delete(key));
  }

  return {
    store,
    /** Bytes; 0: one may upload nothing. */
    maxBytes: () => client.session()?.limits.fileMaxBytes ?? 0,
    add(place: string, files: readonly File[]): void {
      const { fileMaxBytes = 0, attachmentsPerMessage = 0 } = client.session()?.limits ?? {};
      const free = attachmentsPerMessage - store.getState().all.filter((upload) => upload.place === place).length;
      if (files.length > free) onTooMany();
      for (const file of files.slice(0, Math.max(0, free))) {
        const upload: PendingUpload = {
          key: crypto.randomUUID(),
          place,
          file,
          localUrl: file.type.startsWith('image/') ? URL.createObjectURL(file) : undefined,
          state: file.size > fileMaxBytes ? 'too-large' : 'uploading',
          share: 0,
        };
        store.setState(({ all }) => ({ all: [...all, upload] }));
        if (upload.state === 'uploading') start(upload);
      }
    },
    retry(key: string): void {
      const upload = find(key);
      if (upload?.state !== 'failed') return;
      change(key, { state: 'uploading', share: 0 });
      start(upload);
    },
    /** Cancels what runs and drops what has arrived. */
    remove(key: string): void {
      const upload = find(key);
      if (!upload) return;
      running.get(key)?.abort();
      if (upload.attachment) client.rest.dropFile(upload.attachment.fileId).catch(() => undefined);
      forget(upload);
    },
    /** The ids of what is ready; they belong to a message from now on. */
    take(place: string): string[] {
      const ready = store.getState().all.filter((upload) => upload.place === place && upload.state === 'ready');
      for (const upload of ready) forget(upload);
      return ready.flatMap(({ attachment }) => attachment?.fileId ?? []);
    },
    clear(): void {
      for (const stop of running.values()) stop.abort();
      for (const upload of store.getState().all) forget(upload);
    },
  };
}

/** Whether a message may go now: something to send, and nothing still on its way. */
export function canSend(text: string, uploads: readonly PendingUpload[]): boolean {
  if (uploads.some(({ state }) => state === 'uploading')) return false;
  return text.trim() !== '' || uploads.some(({ state }) => state === 'ready');
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

export function formatBytes(bytes: number, language: string): string {
  const step = Math.min(UNITS.length - 1, bytes < 1 ? 0 : Math.floor(Math.log(bytes) / Math.log(1_000)));
  const value = bytes / 1_000 ** step;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: UNITS[step] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: step > 0 && value < 10 ? 1 : 0,
  }).format(value);
}

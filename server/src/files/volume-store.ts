import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expiryOf, type Mac, signDownload, signUpload } from './signature.ts';
import type { FileStore } from './store.ts';

export interface VolumeStoreOptions {
  /** Shared by all pods. Made when it is missing. */
  dir: string;
  keys: Mac;
}

/** Path of the routes that take and give the bytes (`file-data-routes.ts`); the key follows. */
export const VOLUME_PATH = '/file-data';

/** A folder that every pod sees. Only the routes of this server read what is in it, each time with a signature. */
export function createVolumeStore({ dir, keys }: VolumeStoreOptions): FileStore {
  const root = resolve(dir);
  const pathOf = (key: string) => join(root, key);
  return {
    async signUpload(key, bytes, expiresInSeconds) {
      const expires = Math.floor(Date.now() / 1_000) + expiresInSeconds;
      return { method: 'PUT', url: `${VOLUME_PATH}/${key}?${signUpload(keys, { key, bytes, expires })}`, headers: {} };
    },
    async signDownload(key, download, atLeastSeconds) {
      return `${VOLUME_PATH}/${key}?${signDownload(keys, { key, ...download, expires: expiryOf(atLeastSeconds) })}`;
    },
    size: (key) => sizeOf(pathOf(key)),
    async read(key) {
      // Opened here: the content of a file that is removed meanwhile can still be read to its end.
      const handle = await open(pathOf(key)).catch(ignoreMissing);
      return handle && createReadStream('', { fd: handle });
    },
    async write(key, content) {
      const path = pathOf(key);
      const temporary = `${path}.${randomUUID()}`;
      await mkdir(dirname(path), { recursive: true });
      try {
        // Flushed to disk before the name points to it: a message must never name half a file.
        await pipeline(content, createWriteStream(temporary, { flush: true }));
        await rename(temporary, path);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    async remove(all) {
      for (const key of all) await rm(pathOf(key), { force: true });
      for (const folder of new Set(all.map((key) => dirname(pathOf(key))))) await rmdir(folder).catch(ignoreMissing);
    },
    [Symbol.dispose]: () => undefined,
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(ignoreMissing))?.size;
}

/** Also of a folder that another upload has just put something into. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTEMPTY' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BackupPlace, StoredFile } from './place.ts';

/** While it is written; a killed writer leaves it behind, and nobody takes it for a file. */
const UNFINISHED = '.unfinished';

export function createFolderPlace(dir: string): BackupPlace {
  const root = resolve(dir);
  const pathOf = (folder: string, file: string) => join(root, folder, file);
  return {
    location: root,
    async list() {
      const entries = (await readdir(root, { withFileTypes: true }).catch(nothingThere)) ?? [];
      const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
      return Promise.all(folders.map(async ({ name }) => ({ name, files: await listFiles(join(root, name)) })));
    },
    async read(folder, file) {
      const handle = await open(pathOf(folder, file)).catch(nothingThere);
      return handle && createReadStream('', { fd: handle });
    },
    async write(folder, file, content) {
      const path = pathOf(folder, file);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(content, createWriteStream(path + UNFINISHED, { flush: true }));
      await rename(path + UNFINISHED, path);
      await flushFolder(dirname(path));
    },
    async remove(folder, files) {
      for (const file of files) await rm(pathOf(folder, file), { force: true });
      await rmdir(join(root, folder)).catch(nothingThere);
    },
    [Symbol.dispose]: () => undefined,
  };
}

async function listFiles(folder: string): Promise<StoredFile[]> {
  const names = (await readdir(folder).catch(nothingThere)) ?? [];
  const files = names.map(async (name) => {
    const found = await stat(join(folder, name)).catch(nothingThere);
    return found?.isFile() ? [{ name, bytes: found.size, modifiedMs: found.mtimeMs }] : [];
  });
  return (await Promise.all(files)).flat();
}

/** A power cut must not take the names of files that others rely on. */
async function flushFolder(folder: string): Promise<void> {
  await using handle = await open(folder);
  await handle.sync();
}

function nothingThere(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTEMPTY' || error.code === 'ENOTDIR') return undefined;
  throw error;
}

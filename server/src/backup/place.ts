import type { Readable } from 'node:stream';
import type { FileStoreConfig } from '../config/files.ts';

export interface StoredFile {
  name: string;
  bytes: number;
  modifiedMs: number;
}

/** What is stored under one name, complete or not. */
export interface Folder {
  name: string;
  files: StoredFile[];
}

/** Where backups are: one folder each. */
export interface BackupPlace extends Disposable {
  /** For people, without secrets: s3://bucket/folder, or a path. */
  location: string;
  list(): Promise<Folder[]>;
  /** undefined: there is none. */
  read(folder: string, file: string): Promise<Readable | undefined>;
  /** All or nothing: a file that can be read is whole and on disk. */
  write(folder: string, file: string, content: Readable): Promise<void>;
  /** Those that do not exist are passed over. */
  remove(folder: string, files: string[]): Promise<void>;
}

export async function openPlace(config: FileStoreConfig): Promise<BackupPlace> {
  if (config.kind === 'volume') return (await import('./folder-place.ts')).createFolderPlace(config.dir);
  // Its client is large; who keeps backups in a folder does not load it.
  return (await import('./s3-place.ts')).createS3Place(config);
}

import type { Readable } from 'node:stream';
import { DeleteObjectsCommand, GetObjectCommand, paginateListObjectsV2, S3ServiceException } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { FileStoreConfig } from '../config/files.ts';
import { createClient } from '../files/s3-store.ts';
import type { BackupPlace, StoredFile } from './place.ts';

/** S3 takes 10,000 parts: 160 GB for one partition of a table. Two of them are in memory at once. */
const PART_BYTES = 16 * 1024 * 1024;
const REMOVE_AT_ONCE = 1_000;

export function createS3Place(config: Extract<FileStoreConfig, { kind: 's3' }>): BackupPlace {
  const { bucket, prefix } = config;
  const client = createClient(config, config.endpoint);
  const at = (folder: string, file: string) => ({ Bucket: bucket, Key: `${prefix}${folder}/${file}` });
  return {
    location: `s3://${bucket}/${prefix}`,
    async list() {
      const files: [folder: string, file: StoredFile][] = [];
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          const [folder = '', name = '', ...deeper] = Key.slice(prefix.length).split('/');
          if (name !== '' && deeper.length === 0) files.push([folder, { name, bytes: Size, modifiedMs: LastModified?.getTime() ?? 0 }]);
        }
      }
      const folders = Map.groupBy(files, ([folder]) => folder);
      return [...folders].map(([name, found]) => ({ name, files: found.map(([, file]) => file) }));
    },
    async read(folder, file) {
      const found = await client.send(new GetObjectCommand(at(folder, file))).catch(ignoreMissing);
      return found?.Body as Readable | undefined;
    },
    async write(folder, file, content) {
      const params = { ...at(folder, file), Body: content, ContentType: 'application/octet-stream' };
      await new Upload({ client, params, partSize: PART_BYTES, queueSize: 1 }).done();
    },
    async remove(folder, files) {
      for (let i = 0; i < files.length; i += REMOVE_AT_ONCE) {
        const Objects = files.slice(i, i + REMOVE_AT_ONCE).map((file) => ({ Key: at(folder, file).Key }));
        const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
        const failed = Errors.find(({ Code }) => Code !== 'NoSuchKey');
        if (failed) throw new Error(`the bucket ${bucket} did not remove an object: ${failed.Code}`);
      }
    },
    [Symbol.dispose]: () => client.destroy(),
  };
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof S3ServiceException && error.name === 'NoSuchKey') return undefined;
  throw error;
}

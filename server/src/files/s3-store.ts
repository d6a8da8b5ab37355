import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { FileStoreConfig } from '../config/files.ts';
import { contentDisposition } from './disposition.ts';
import { expiryOf } from './signature.ts';
import type { FileStore } from './store.ts';

type S3Config = Extract<FileStoreConfig, { kind: 's3' }>;
type S3Account = Pick<S3Config, 'region' | 'accessKeyId' | 'secretAccessKey'>;

/** Of one request: 2 × 8 MiB in memory at most, whatever the size. */
const PART_BYTES = 8 * 1024 * 1024;
const REMOVE_AT_ONCE = 1_000;

/** Anything that speaks S3: AWS, MinIO, Ceph, R2. Browsers talk to it directly, by URLs signed here. */
export function createS3Store(config: S3Config): FileStore {
  const { bucket, prefix } = config;
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key });
  const client = createClient(config, config.endpoint);
  const signer = createClient(config, config.publicEndpoint ?? config.endpoint);
  return {
    async signUpload(key, bytes, expiresIn) {
      const command = new PutObjectCommand({ ...at(key), ContentLength: bytes });
      // The length is part of what is signed: nobody can store more than they said.
      const url = await getSignedUrl(signer, command, { expiresIn, signableHeaders: new Set(['host', 'content-length']) });
      return { method: 'PUT', url, headers: {} };
    },
    async signDownload(key, download, atLeastSeconds) {
      const expires = expiryOf(atLeastSeconds);
      // Signed as of the start of the window, so that the URL stays the same within it.
      const signingDate = new Date((expires - 2 * atLeastSeconds) * 1_000);
      const command = new GetObjectCommand({
        ...at(key),
        ResponseContentType: download.type,
        ResponseContentDisposition: contentDisposition(download),
        ResponseCacheControl: `private, max-age=${atLeastSeconds}, immutable`,
      });
      return getSignedUrl(signer, command, { expiresIn: 2 * atLeastSeconds, signingDate });
    },
    async size(key) {
      const head = await client.send(new HeadObjectCommand(at(key))).catch(ignoreMissing);
      return head?.ContentLength;
    },
    async read(key) {
      const found = await client.send(new GetObjectCommand(at(key))).catch(ignoreMissing);
      return found?.Body as Readable | undefined;
    },
    async write(key, content, type) {
      const params = { ...at(key), Body: content, ContentType: type };
      await new Upload({ client, params, partSize: PART_BYTES, queueSize: 2 }).done();
    },
    async remove(keys) {
      for (let i = 0; i < keys.length; i += REMOVE_AT_ONCE) {
        const Objects = keys.slice(i, i + REMOVE_AT_ONCE).map((key) => ({ Key: prefix + key }));
        const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
        const failed = Errors.find(({ Code }) => Code !== 'NoSuchKey');
        if (failed) throw new Error(`the file store did not remove an object: ${failed.Code}`);
      }
    },
    [Symbol.dispose]() {
      client.destroy();
      signer.destroy();
    },
  };
}

export function createClient({ region, accessKeyId, secretAccessKey }: S3Account, endpoint: string | undefined): S3Client {
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId, secretAccessKey },
    // Checksums of the newer kind are unknown to many stores, and a signed URL would ask browsers for them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000 },
    maxAttempts: 3,
  });
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof S3ServiceException && (error.name === 'NoSuchKey' || error.$metadata.httpStatusCode === 404)) return undefined;
  throw error;
}

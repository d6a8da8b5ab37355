import { createHash, randomBytes } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';
import sharp from 'sharp';
import type { Attachment, FileUpload } from '@chatcluster/protocol';
import type { Cluster, Person, RestAnswer } from './_pods.ts';

export interface TestStore extends AsyncDisposable {
  /** Settings of the pods. */
  env: Record<string, string>;
  /** How many objects of this file there are. */
  countObjects(fileId: string): number;
  /** It refuses by itself what a URL was not signed for; the S3 server of the tests takes every signature of the fourth version. */
  checksSignatures: boolean;
  /** What it answers to a body that is too short, and to one that is too long. */
  wrongLength: [number, number];
}

async function temporaryDir(stack: AsyncDisposableStack): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'chat-files-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const counter = (dir: string) => (fileId: string) =>
  globSync(`**/${fileId}/*`, { cwd: dir }).filter((path) => !/_metadata|\.md5/.test(path)).length;

async function volume(): Promise<TestStore> {
  const stack = new AsyncDisposableStack();
  const dir = await temporaryDir(stack);
  return {
    env: { FILES_DIR: dir },
    countObjects: counter(dir),
    checksSignatures: true,
    wrongLength: [422, 413],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/**
 * Any S3 server with a bucket `chat` that keeps its objects as files: TEST_S3_ENDPOINT, TEST_S3_DIR (the folder), TEST_S3_KEY and
 * TEST_S3_SECRET. Unlike the one below it checks signatures: versitygw --access … --secret … posix <folder>
 */
function realS3(endpoint: string): TestStore {
  const { TEST_S3_DIR: dir = '', TEST_S3_KEY: key = '', TEST_S3_SECRET: secret = '' } = process.env;
  return {
    env: {
      FILES_S3_ENDPOINT: endpoint,
      FILES_S3_BUCKET: 'chat',
      FILES_S3_PREFIX: `/our/files/${randomBytes(4).toString('hex')}/`,
      FILES_S3_REGION: 'us-east-1',
      FILES_S3_ACCESS_KEY_ID: key,
      FILES_S3_SECRET_ACCESS_KEY: secret,
    },
    countObjects: counter(dir),
    checksSignatures: true,
    wrongLength: [403, 403],
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A server of its own that speaks S3. */
async function s3(): Promise<TestStore> {
  if (process.env.TEST_S3_ENDPOINT) return realS3(process.env.TEST_S3_ENDPOINT);
  const stack = new AsyncDisposableStack();
  const directory = await temporaryDir(stack);
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, configureBuckets: [{ name: 'chat', configs: [] }] });
  const { port } = (await server.run()) as { port: number };
  stack.defer(() => server.close());
  return {
    env: {
      FILES_S3_ENDPOINT: `http://127.0.0.1:${port}`,
      FILES_S3_BUCKET: 'chat',
      FILES_S3_PREFIX: '/our/files/',
      FILES_S3_REGION: 'us-east-1',
      FILES_S3_ACCESS_KEY_ID: 'S3RVER',
      FILES_S3_SECRET_ACCESS_KEY: 'S3RVER',
    },
    countObjects: counter(directory),
    checksSignatures: false,
    wrongLength: [403, 403],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export const testStores = { volume, s3 };

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
export const randomContent = (bytes: number): Buffer => randomBytes(bytes);

/** With where it was taken, and to be turned by a quarter. */
export function photo({ width = 1_200, height = 800 } = {}): Promise<Buffer> {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 40 };
  return sharp({ create: { width, height, channels: 3, background: '#336699', noise } })
    .withExif({ IFD0: { Make: 'SecretCamera' }, IFD3: { GPSLatitude: '52/1 31/1 0/1' } })
    .withMetadata({ orientation: 6 })
    .jpeg()
    .toBuffer();
}

export interface Announced {
  name?: string;
  type?: string;
  content: Uint8Array;
}

export function announce(
  cluster: Cluster,
  who: Person,
  { name = 'notes.txt', type = 'text/plain', content }: Announced,
  more: object = {},
) {
  return cluster.rest<FileUpload>(who, 'POST', '/v1/files', { name, type, bytes: content.length, sha256: sha256(content), ...more });
}

export function put(
  { url, method, headers }: { url: string; method: string; headers: Record<string, string> },
  content: Uint8Array,
): Promise<Response> {
  return fetch(url, { method, headers, body: new Uint8Array(content) });
}

export function completeFile(cluster: Cluster, who: Person, fileId: string): Promise<RestAnswer<Attachment>> {
  return cluster.rest<Attachment>(who, 'POST', `/v1/files/${fileId}/complete`);
}

/** Announced, uploaded and complete. */
export async function upload(cluster: Cluster, who: Person, file: Announced): Promise<Attachment> {
  const announced = await announce(cluster, who, file);
  if (announced.status !== 201) throw new Error(`POST /v1/files answered ${announced.status} ${JSON.stringify(announced.body)}`);
  const { fileId, upload: request } = announced.body;
  const stored = await put(request!, file.content);
  if (!stored.ok) throw new Error(`the upload answered ${stored.status} ${await stored.text()}`);
  for (;;) {
    const { status, body } = await completeFile(cluster, who, fileId);
    if (status === 200) return body;
    // A slow machine: the image is still being prepared.
    if (status !== 503) throw new Error(`complete answered ${status} ${JSON.stringify(body)}`);
  }
}

/** As a browser does it: the redirect is followed, without the credentials. */
export async function download(cluster: Cluster, who: Person, path: string, headers: Record<string, string> = {}) {
  const url = new URL(path, cluster.pod(0).url);
  const redirect = await fetch(url, { redirect: 'manual', headers: { authorization: `Bearer ${who.accessToken}` } });
  const location = redirect.headers.get('location');
  if (redirect.status !== 302 || location === null)
    return { status: redirect.status, content: Buffer.alloc(0), headers: redirect.headers, location: '' };
  const target = new URL(location, url).href;
  const response = await fetch(target, { headers });
  return { status: response.status, content: Buffer.from(await response.arrayBuffer()), headers: response.headers, location: target };
}

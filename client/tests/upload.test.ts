import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { type ChatClient, createClient } from '../src/index.ts';
import { startTestServer, type TestServer } from './server.ts';

let stack: AsyncDisposableStack;
let server: TestServer;

before(async () => {
  stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const dir = await mkdtemp(join(tmpdir(), 'chat-upload-'));
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  server = stack.use(await startTestServer(database.url, { FILES_DIR: dir }));
});
after(() => stack.disposeAsync());

type Fetch = typeof globalThis.fetch;

async function signUp(displayName: string, fetch: Fetch = globalThis.fetch): Promise<ChatClient> {
  const client = createClient({ url: server.url, fetch });
  await client.register({ email: `${crypto.randomUUID()}@example.org`, password: 'correct horse battery', displayName });
  client.start();
  await eventually(() => client.connection().state === 'live', { message: `${displayName} is live` });
  return client;
}

const isUpload = (init: RequestInit | undefined) => init?.method === 'PUT' && init.body instanceof Blob;
const bytes = (count: number) => new Blob([new Uint8Array(count).map((_, i) => (i * 31) % 251)], { type: 'application/x-test' });

test('a file is uploaded, sent and loaded by the other', async () => {
  await using ada = await signUp('Ada');
  await using bob = await signUp('Bob');
  const { id } = await ada.createDirect(bob.me()?.id ?? '');
  const shares: number[] = [];
  const file = await ada.upload(new Blob(['hello'], { type: 'text/plain' }), {
    name: 'hello.txt',
    onProgress: (share) => shares.push(share),
  });
  assert.deepEqual([shares.at(0), shares.at(-1)], [0, 1]);
  await bob.open(id);
  await ada.open(id);
  ada.send(id, { body: '', attachments: [file.fileId] });
  const message = await eventually(() => bob.conversation(id).messages.at(-1), { deadlineMs: 20_000 });
  assert.deepEqual(message.attachments, [file]);
  assert.deepEqual(message.attachments[0]?.name, 'hello.txt');
});

test('a large file goes on with the part at which the connection was lost', async () => {
  const put: string[] = [];
  let hasFailed = false;
  await using ada = await signUp('Ada', (input, init) => {
    if (!isUpload(init)) return globalThis.fetch(input, init);
    const part = /part-(\d)/.exec(String(input))?.[1] ?? '';
    put.push(part);
    if (part !== '2' || hasFailed) return globalThis.fetch(input, init);
    hasFailed = true;
    return Promise.reject(new TypeError('connection lost'));
  });
  const content = bytes(11_000_000);
  const file = await ada.upload(content, { name: 'film.bin' });
  assert.deepEqual(put, ['1', '2', '2', '3']);
  assert.equal(file.bytes, content.size);
});

test('a cancelled upload ends with the reason of its signal and leaves nothing', async () => {
  const stop = new AbortController();
  const reason = new Error('changed my mind');
  let dropped = 0;
  await using ada = await signUp('Ada', (input, init) => {
    if (isUpload(init)) stop.abort(reason);
    if (init?.method === 'DELETE') dropped += 1;
    return globalThis.fetch(input, init);
  });
  await assert.rejects(ada.upload(bytes(1_000), { signal: stop.signal }), reason);
  await eventually(() => dropped === 1);
});

test('what the server refuses is refused at once', async () => {
  await using ada = await signUp('Ada');
  await assert.rejects(ada.upload(new Blob([])), { code: 'invalid' });
  await assert.rejects(ada.upload(bytes(26 * 1024 * 1024)), { code: 'too_large' });
});

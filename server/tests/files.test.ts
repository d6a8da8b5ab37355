import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Client } from 'pg';
import sharp from 'sharp';
import type { Attachment, Message } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { announce, completeFile, download, photo, put, randomContent, sha256, testStores, type TestStore, upload } from './_files.ts';
import { type Cluster, type Person, startPods } from './_pods.ts';

/** As if two days had passed. */
async function makeOlder(cluster: Cluster, fileIds: string[]): Promise<void> {
  const client = new Client({ connectionString: cluster.databaseUrl });
  await client.connect();
  try {
    await client.query(
      `update files set created_at = created_at - interval '2 days', attached_at = attached_at - interval '2 days' where id = any ($1::uuid[])`,
      [fileIds],
    );
  } finally {
    await client.end();
  }
}

const text = (content: string) => new TextEncoder().encode(content);

for (const [name, openStore] of Object.entries(testStores)) {
  describe(`files on ${name}`, () => {
    let store: TestStore;
    let cluster: Cluster;
    let ann: Person;
    let bob: Person;
    let eve: Person;
    let group: string;
    before(async () => {
      store = await openStore();
      cluster = await startPods(1, { ...store.env, FILES_QUOTA_BYTES: '20000000', FILES_SWEEP_SECONDS: '1' });
      [ann, bob, eve] = await Promise.all([cluster.register('Ann'), cluster.register('Bob'), cluster.register('Eve')]);
      group = (await cluster.group([ann, bob])).id;
    });
    after(async () => {
      await cluster[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    });

    const post = (who: Person, attachments: string[], body = '') =>
      cluster.rest<{ id: string }>(who, 'POST', `/v1/conversations/${group}/messages`, { clientMsgId: randomUUID(), body, attachments });
    const history = async (who: Person) =>
      (await cluster.ok<{ items: Message[] }>(who, 'GET', `/v1/conversations/${group}/messages`)).items;

    it('a file that is posted can be loaded by the members, and by nobody else', async () => {
      const content = text('the minutes of the meeting');
      const file = await upload(cluster, ann, { name: 'Protokoll “Mai”.txt', content });
      assert.deepEqual(
        { ...file, fileId: '', url: '' },
        { fileId: '', name: 'Protokoll “Mai”.txt', type: 'text/plain', bytes: content.length, url: '' },
      );
      assert.equal((await download(cluster, bob, file.url)).status, 404);
      assert.equal((await post(ann, [file.fileId])).status, 201);
      assert.deepEqual((await history(bob)).at(-1)?.attachments, [file]);
      const loaded = await download(cluster, bob, file.url);
      assert.equal(loaded.content.toString(), 'the minutes of the meeting');
      assert.match(
        loaded.headers.get('content-disposition') ?? '',
        /^attachment; filename="Protokoll _Mai_\.txt"; filename\*=UTF-8''Protokoll%20/,
      );
      assert.equal((await download(cluster, eve, file.url)).status, 404);
    });

    it('files stand in the order in which the sender put them, also in a forwarded message', async () => {
      const files: Attachment[] = [];
      for (const name of ['a.txt', 'b.txt', 'c.txt', 'd.txt']) files.unshift(await upload(cluster, ann, { name, content: text(name) }));
      files.push(...files.splice(1, 1));
      const names = ['d.txt', 'b.txt', 'a.txt', 'c.txt'];
      const sent = await post(
        ann,
        files.map(({ fileId }) => fileId),
      );
      const namesOf = (message: Message | undefined) => message?.attachments.map(({ name }) => name);
      assert.deepEqual(namesOf((await history(bob)).at(-1)), names);
      const other = (await cluster.group([bob, eve])).id;
      const forward = { conversationId: group, messageId: sent.body.id };
      await cluster.ok(bob, 'POST', `/v1/conversations/${other}/messages`, { clientMsgId: randomUUID(), body: '', forward });
      const { items } = await cluster.ok<{ items: Message[] }>(eve, 'GET', `/v1/conversations/${other}/messages`);
      assert.deepEqual(namesOf(items.at(-1)), names);
    });

    it('who joins later, and who was removed, cannot load what they may not read', async () => {
      const file = await upload(cluster, ann, { content: text('before') });
      const other = (await cluster.group([ann, bob])).id;
      await cluster.ok(ann, 'POST', `/v1/conversations/${other}/messages`, {
        clientMsgId: randomUUID(),
        body: '',
        attachments: [file.fileId],
      });
      await cluster.ok(ann, 'POST', `/v1/conversations/${other}/members`, { userIds: [eve.id] });
      assert.equal((await download(cluster, eve, file.url)).status, 404);
      assert.equal((await download(cluster, bob, file.url)).status, 200);
      await cluster.ok(ann, 'DELETE', `/v1/conversations/${other}/members/${bob.id}`);
      assert.equal((await download(cluster, bob, file.url)).status, 404);
    });

    it('a forwarded file can be loaded where it was forwarded to', async () => {
      const file = await upload(cluster, ann, { content: text('forwarded') });
      const sent = await post(ann, [file.fileId]);
      const other = (await cluster.group([bob, eve])).id;
      const forward = { conversationId: group, messageId: sent.body.id };
      await cluster.ok(bob, 'POST', `/v1/conversations/${other}/messages`, { clientMsgId: randomUUID(), body: '', forward });
      assert.equal((await download(cluster, eve, file.url)).content.toString(), 'forwarded');
    });

    it('a deleted message takes its file along', async () => {
      const file = await upload(cluster, ann, { content: text('oops') });
      const { body } = await post(ann, [file.fileId]);
      await cluster.ok(ann, 'DELETE', `/v1/conversations/${group}/messages/${body.id}`);
      assert.equal((await download(cluster, bob, file.url)).status, 404);
    });

    it('a photo is turned upright and tells nothing but its pixels', async () => {
      const original = await photo();
      assert.ok(original.includes('SecretCamera'));
      const file = await upload(cluster, ann, { name: 'beach.jpg', type: 'image/png', content: original });
      assert.deepEqual([file.type, file.width, file.height], ['image/jpeg', 800, 1_200]);
      assert.match(file.preview ?? '', /^data:image\/webp;base64,/);
      await post(ann, [file.fileId]);
      const loaded = await download(cluster, bob, file.url);
      assert.equal(loaded.content.includes('SecretCamera'), false);
      assert.equal(loaded.content.length, file.bytes);
      const { exif, width, height } = await sharp(loaded.content).metadata();
      assert.deepEqual([exif, width, height], [undefined, 800, 1_200]);
      assert.match(loaded.headers.get('content-disposition') ?? '', /^inline/);
      const small = await download(cluster, bob, file.thumbnailUrl!);
      const thumbnail = await sharp(small.content).metadata();
      assert.deepEqual([thumbnail.format, thumbnail.width, thumbnail.height], ['webp', 480, 720]);
    });

    it('an image that is none is refused, and can be sent no more', async () => {
      const broken = (await photo({ width: 64, height: 64 })).subarray(0, 200);
      const { body } = await announce(cluster, ann, { name: 'broken.jpg', type: 'image/jpeg', content: broken });
      await put(body.upload!, broken);
      assert.equal((await completeFile(cluster, ann, body.fileId)).status, 422);
      assert.equal((await post(ann, [body.fileId])).status, 422);
    });

    it('pages and drawings with scripts are never shown by the browser, whatever they say they are', async () => {
      const pages = {
        'page.html': ['text/html', '<!doctype html><script>alert(1)</script>'],
        'drawing.svg': ['image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
        'fake.png': ['image/png', '<html><script>alert(1)</script></html>'],
      } as const;
      for (const [name, [type, content]] of Object.entries(pages)) {
        const file = await upload(cluster, ann, { name, type, content: text(content) });
        const { headers } = await download(cluster, ann, file.url);
        assert.match(headers.get('content-disposition') ?? '', /^attachment/, name);
        assert.equal(headers.get('content-type'), 'application/octet-stream', name);
        assert.equal(file.thumbnailUrl, undefined);
      }
    });

    it('another content, another size and nothing at all are refused, and the right one is taken afterwards', async () => {
      const content = text('what was announced');
      const { body } = await announce(cluster, ann, { content });
      const complete = async () => {
        const answer = await completeFile(cluster, ann, body.fileId);
        return [answer.status, (answer.body as unknown as { details?: { path: string }[] }).details?.[0]?.path];
      };
      assert.deepEqual(await complete(), [422, 'upload']);
      await put(body.upload!, text('something different'.slice(0, content.length)));
      assert.deepEqual(await complete(), [422, 'sha256']);
      await put(body.upload!, text('too short'));
      await put(body.upload!, text('longer than what was announced'));
      assert.equal((await complete())[0], 422);
      assert.equal((await put(body.upload!, content)).ok, true);
      assert.deepEqual(await complete(), [200, undefined]);
      assert.deepEqual(await complete(), [200, undefined]);
    });

    it('what is uploaded after it was checked changes nothing', async () => {
      const content = text('checked');
      const { body } = await announce(cluster, ann, { content });
      await put(body.upload!, content);
      const file = (await completeFile(cluster, ann, body.fileId)).body;
      await put(body.upload!, text('swapped'));
      await completeFile(cluster, ann, body.fileId);
      assert.equal((await download(cluster, ann, file.url)).content.toString(), 'checked');
    });

    it('a signed URL is good for nothing else', async () => {
      const content = text('signed');
      const { body } = await announce(cluster, ann, { content });
      const { url } = body.upload!;
      if (!store.checksSignatures) return assert.match(url, /X-Amz-SignedHeaders=content-length%3Bhost/);
      const another = url.replace(body.fileId, randomUUID());
      for (const changed of [
        another,
        url.replace(/(bytes|X-Amz-Expires)=\d+/, '$1=6000'),
        url.replace(/([sS]ignature=).{4}/, '$1AAAA'),
        url.split('?')[0]!,
      ]) {
        assert.equal((await put({ ...body.upload!, url: changed }, content)).status, 403, changed);
      }
      assert.deepEqual(
        await Promise.all([text('short'), text('much too long')].map(async (other) => (await put(body.upload!, other)).status)),
        store.wrongLength,
      );
      const file = await upload(cluster, ann, { content });
      const { location } = await download(cluster, ann, file.url);
      for (const changed of [location.replace(/([sS]ignature=).{4}/, '$1AAAA'), location.replace(/inline=0|attachment/, 'inline=1')]) {
        assert.notEqual(changed, location);
        assert.equal((await fetch(changed)).status, 403, changed);
      }
    });

    it('a large file comes in parts, and goes on where it stopped', async () => {
      const content = randomContent(3_000_000);
      const clientId = randomUUID();
      const first = (await announce(cluster, ann, { name: 'film.bin', content }, { parts: 3, clientId })).body;
      const slice = ({ offset, bytes }: { offset: number; bytes: number }) => content.subarray(offset, offset + bytes);
      await put(first.parts![1]!, slice(first.parts![1]!));
      const again = (await announce(cluster, ann, { name: 'film.bin', content }, { parts: 3, clientId })).body;
      assert.equal(again.fileId, first.fileId);
      assert.deepEqual(
        again.parts!.map(({ number, received }) => [number, received]),
        [
          [1, false],
          [2, true],
          [3, false],
        ],
      );
      assert.equal((await completeFile(cluster, ann, first.fileId)).status, 422);
      for (const part of again.parts!) if (!part.received) await put(part, slice(part));
      const file = (await completeFile(cluster, ann, first.fileId)).body;
      assert.equal(sha256((await download(cluster, ann, file.url)).content), sha256(content));
    });

    it('a part of a file can be loaded, as players do', async () => {
      const file = await upload(cluster, ann, { content: text('0123456789') });
      const part = await download(cluster, ann, file.url, { range: 'bytes=2-4' });
      assert.deepEqual([part.status, part.content.toString()], [206, '234']);
    });

    it('nobody can post, complete or drop the file of another', async () => {
      const file = await upload(cluster, ann, { content: text('mine') });
      assert.equal((await post(bob, [file.fileId])).status, 422);
      assert.equal((await post(ann, [randomUUID()])).status, 422);
      assert.equal((await completeFile(cluster, bob, file.fileId)).status, 404);
      assert.equal((await cluster.rest(bob, 'DELETE', `/v1/files/${file.fileId}`)).status, 404);
      const { body } = await announce(cluster, ann, { content: text('unfinished') });
      assert.equal((await post(ann, [body.fileId])).status, 422);
    });

    it('guests, oversized files and names of paths get nowhere', async () => {
      const guest = await cluster.guest();
      assert.equal((await announce(cluster, guest, { content: text('x') })).status, 403);
      const large = { name: 'x', type: 'text/plain', bytes: 26 * 1024 * 1024, sha256: '0'.repeat(64) };
      assert.equal((await cluster.rest(ann, 'POST', '/v1/files', large)).status, 413);
      for (const wrong of [{ bytes: 0 }, { sha256: 'abc' }, { type: 'nonsense' }, { name: '' }, { parts: 0 }, { parts: 5 }]) {
        const file = { name: 'x', type: 'text/plain', bytes: 1, sha256: '0'.repeat(64), ...wrong };
        assert.equal((await cluster.rest(ann, 'POST', '/v1/files', file)).status, 422, JSON.stringify(wrong));
      }
      const sneaky = await upload(cluster, ann, { name: '../../etc/pass\u202ewd', content: text('x') });
      assert.equal(sneaky.name, 'passwd');
    });

    it('the space of a person ends', async () => {
      const full = await cluster.register('Full');
      const file = (bytes: number) => ({ name: 'x', type: 'text/plain', bytes, sha256: '0'.repeat(64) });
      const answers = await Promise.all(Array.from({ length: 4 }, () => cluster.rest(full, 'POST', '/v1/files', file(9_000_000))));
      assert.deepEqual(
        answers.map(({ status }) => status).sort((a, b) => a - b),
        [201, 201, 413, 413],
      );
    });

    it('a file that was never posted can be dropped, and gives its space back', async () => {
      const file = await upload(cluster, ann, { content: text('never mind') });
      assert.equal((await cluster.rest(ann, 'DELETE', `/v1/files/${file.fileId}`)).status, 204);
      assert.equal((await download(cluster, ann, file.url)).status, 404);
      const posted = await upload(cluster, ann, { content: text('posted') });
      await post(ann, [posted.fileId]);
      assert.equal((await cluster.rest(ann, 'DELETE', `/v1/files/${posted.fileId}`)).status, 409);
    });

    it('what was never posted, and what only a deleted message showed, is removed in time', async () => {
      const [never, deleted, posted] = [await photo(), text('deleted'), text('posted')];
      const files: Attachment[] = [];
      for (const content of [never, deleted, posted]) files.push(await upload(cluster, ann, { content }));
      const sent = [await post(ann, [files[1]!.fileId]), await post(ann, [files[2]!.fileId])];
      await cluster.ok(ann, 'DELETE', `/v1/conversations/${group}/messages/${sent[0]!.body.id}`);
      assert.ok(files.every(({ fileId }) => store.countObjects(fileId) > 0));
      await makeOlder(
        cluster,
        files.map(({ fileId }) => fileId),
      );
      await eventually(() => store.countObjects(files[0]!.fileId) + store.countObjects(files[1]!.fileId) === 0, { deadlineMs: 30_000 });
      assert.equal((await download(cluster, bob, files[2]!.url)).content.toString(), 'posted');
    });

    it('a picture of oneself is a square that everybody sees, until it is taken away', async () => {
      using watching = await cluster.connect(bob);
      const image = await upload(cluster, ann, { name: 'me.jpg', type: 'image/jpeg', content: await photo() });
      const me = await cluster.ok<{ avatarUrl?: string }>(ann, 'PUT', '/v1/users/me/avatar', { fileId: image.fileId });
      const told = await watching.next('profile', ({ user }) => user.id === ann.id);
      assert.equal(told.user.avatarUrl, me.avatarUrl);
      const { width, height } = await sharp((await download(cluster, eve, me.avatarUrl!)).content).metadata();
      assert.deepEqual([width, height], [256, 256]);
      assert.equal((await cluster.rest(bob, 'PUT', '/v1/users/me/avatar', { fileId: image.fileId })).status, 404);
      const none = await cluster.ok<{ avatarUrl?: string }>(ann, 'PUT', '/v1/users/me/avatar', { fileId: null });
      assert.equal(none.avatarUrl, undefined);
      assert.equal((await download(cluster, eve, me.avatarUrl!)).status, 404);
    });
  });
}

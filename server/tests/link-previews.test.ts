import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Entry, HistoryPage, LinkPreview, Message, SyncPage } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { foldHistory } from '../src/domain/fold-history.ts';
import { content, openSite, page, picture } from '../src/previews/_hostile-site.ts';
import { download, testStores, type TestStore } from './_files.ts';
import { type Cluster, type Person, startPods, type TestSocket } from './_pods.ts';

type PreviewEntry = Extract<Entry, { type: 'preview' }>;
type Site = Awaited<ReturnType<typeof openSite>>;

describe('link previews', () => {
  let cluster: Cluster;
  let store: TestStore;
  let site: Site;
  let secret: Site;
  let ada: Person;
  let bob: Person;
  let adas: TestSocket;
  let bobs: TestSocket;

  before(async () => {
    store = await testStores.volume();
    const image = await picture();
    const article = page(
      '<title>A &lt;b&gt;story&lt;/b&gt;</title><meta name="description" content="What happened"><meta property="og:image" content="/i.png">',
    );
    const own = page('<title>A story</title><meta property="og:image" content="/i.png">');
    site = await openSite({
      '/a': article,
      '/own/1': own,
      '/own/2': own,
      '/b': page('<title>Another</title>'),
      '/i.png': content(image, 'image/png'),
    });
    secret = await openSite({ '/': page('<title>secret</title>') }, '127.0.0.2');
    cluster = await startPods(2, { ...store.env, FETCH_ALLOWED_NETWORKS: '127.0.0.1', LINK_PREVIEWS: 'on' });
    [ada, bob] = [await cluster.register('Ada'), await cluster.register('Bob')];
    [adas, bobs] = [await cluster.connect(ada, 0), await cluster.connect(bob, 1)];
  });
  after(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await Promise.all([site?.[Symbol.asyncDispose](), secret?.[Symbol.asyncDispose](), store?.[Symbol.asyncDispose]()]);
  });

  const previewsIn = (socket: TestSocket, id: string) => socket.entries(id).filter((e): e is PreviewEntry => e.type === 'preview');
  const nextPreview = (socket: TestSocket, id: string, count = 1) =>
    eventually(() => previewsIn(socket, id)[count - 1], { deadlineMs: 60_000, message: `preview ${count} did not come` });
  const message = (who: Person, id: string, messageId: string) =>
    cluster.ok<Message>(who, 'GET', `/v1/conversations/${id}/messages/${messageId}`);
  const path = (id: string, messageId: string) => `/v1/conversations/${id}/messages/${messageId}/previews`;
  /** Every job of the kind has run. */
  const jobsDone = () =>
    eventually(async () => (await cluster.sql("select 1 from jobs where kind = 'link-preview'")).length === 0, { deadlineMs: 60_000 });
  /** The indexer has passed what was written. */
  const indexed = (id: string) =>
    eventually(
      async () => {
        const rows = await cluster.sql(
          'select 1 from conversations c join search_progress p on p.conversation_id = c.id where c.id = $1 and p.seq = c.last_seq',
          [id],
        );
        return rows.length === 1;
      },
      { deadlineMs: 60_000 },
    );
  async function quiet(id: string): Promise<void> {
    await indexed(id);
    await jobsDone();
  }

  it('reach every member as an entry of their own, live, by history and by sync, with a picture for members only', async () => {
    const { id } = await cluster.group([ada, bob]);
    const url = `${site.url}/a`;
    const sent = await adas.send(id, `look at ${url}.`);
    const entry = await nextPreview(bobs, id);
    assert.equal(entry.seq, sent.seq! + 1);
    assert.equal(entry.actorId, ada.id);
    const [preview] = entry.data.previews as [LinkPreview];
    const { image, ...texts } = preview;
    assert.deepEqual(texts, { url, siteName: '127.0.0.1', title: 'A <b>story</b>', description: 'What happened' });
    assert.deepEqual([image?.width, image?.height], [640, 360]);
    assert.equal((await nextPreview(adas, id)).id, entry.id);

    const { items } = await cluster.ok<{ items: HistoryPage['messages'] }>(bob, 'GET', `/v1/conversations/${id}/messages`);
    assert.deepEqual(items.at(-1)?.previews, [preview]);
    assert.equal(items.at(-1)?.editedAt, undefined);
    const synced = await cluster.ok<SyncPage>(bob, 'POST', '/v1/sync', { cursors: { [id]: sent.seq } });
    assert.deepEqual(synced.entries[id], [entry]);

    const shown = await download(cluster, bob, image!.url);
    assert.deepEqual(
      [shown.status, shown.headers.get('content-type'), shown.headers.get('x-content-type-options')],
      [200, 'image/webp', 'nosniff'],
    );
    assert.equal((await download(cluster, await cluster.guest('Eve'), image!.url)).status, 404);
    assert.equal((await fetch(cluster.pod(0).url + image!.url, { redirect: 'manual' })).status, 401);
  });

  it('are fetched once for many messages, and share their picture', async () => {
    const before = site.seen.length;
    const ids = await Promise.all([cluster.group([ada]), cluster.group([ada, bob])]);
    for (const { id } of ids) await adas.send(id, `${site.url}/a#part`);
    const [first, second] = await Promise.all(ids.map(({ id }) => nextPreview(adas, id)));
    assert.equal(first!.data.previews[0]!.image?.fileId, second!.data.previews[0]!.image?.fileId);
    assert.equal(first!.data.previews[0]!.url, `${site.url}/a#part`);
    assert.equal(site.seen.length, before);
  });

  it('follow an edit, and go when its links go', async () => {
    const { id } = await cluster.group([ada, bob]);
    const { id: messageId } = await adas.send(id, `${site.url}/b`);
    await nextPreview(bobs, id);
    const edit = (body: string) => adas.call('message:edit', { conversationId: id, messageId, clientMsgId: randomUUID(), body });
    await edit(`${site.url}/b and ${site.url}/a`);
    const both = await nextPreview(bobs, id, 2);
    assert.deepEqual(
      both.data.previews.map(({ title }) => title),
      ['Another', 'A <b>story</b>'],
    );
    await edit(`other words: ${site.url}/b ${site.url}/a`);
    await quiet(id);
    await edit('nothing');
    assert.deepEqual((await nextPreview(bobs, id, 3)).data.previews, []);
    assert.equal((await message(bob, id, messageId)).previews, undefined);
    assert.equal(previewsIn(bobs, id).length, 3, 'an edit that changes no link writes no entry');

    await adas.send(id, `once more ${site.url}/b`);
    await nextPreview(bobs, id, 4);
    const page = await bobs.call('history', { conversationId: id });
    const { entries } = await bobs.call('sync', { cursors: { [id]: 0 } });
    const folded = foldHistory({ conversationId: id, entries: entries[id]!, viewerId: bob.id, firstSeq: 1, range: { limit: 50 } });
    assert.deepEqual(folded, page, 'what memory shows while Postgres is away is what Postgres shows');
  });

  it('are taken away for good by the author or an admin, and by nobody else', async () => {
    const { id } = await cluster.group([ada, bob]);
    const sent = await bobs.send(id, `${site.url}/own/1`);
    const [preview] = (await nextPreview(adas, id)).data.previews;
    const eve = await cluster.guest('Eve');
    assert.equal((await cluster.rest(eve, 'DELETE', path(id, sent.id))).status, 404);
    const own = await adas.send(id, `${site.url}/b`);
    await nextPreview(adas, id, 2);
    assert.equal((await cluster.rest(bob, 'DELETE', path(id, own.id))).status, 403);
    assert.equal((await cluster.rest(ada, 'DELETE', path(id, randomUUID()))).status, 404);

    assert.equal((await cluster.rest(ada, 'DELETE', path(id, sent.id))).status, 200);
    const gone = await nextPreview(bobs, id, 3);
    assert.deepEqual([gone.actorId, gone.data], [ada.id, { messageId: sent.id, previews: [] }]);
    assert.equal((await download(cluster, bob, preview!.image!.url)).status, 404);
    await bobs.call('message:edit', { conversationId: id, messageId: sent.id, clientMsgId: randomUUID(), body: `again ${site.url}/b` });
    await quiet(id);
    assert.equal((await message(ada, id, sent.id)).previews, undefined);
    assert.equal((await cluster.rest(bob, 'DELETE', path(id, sent.id))).status, 200, 'again changes nothing');
    assert.equal(previewsIn(bobs, id).length, 3);
  });

  it('go with their message, and leave nothing of it behind', async () => {
    const { id } = await cluster.group([ada, bob]);
    const { id: messageId } = await adas.send(id, `${site.url}/own/2`);
    const [preview] = (await nextPreview(bobs, id)).data.previews;
    await adas.call('message:delete', { conversationId: id, messageId, clientMsgId: randomUUID() });
    assert.equal((await message(bob, id, messageId)).previews, undefined);
    assert.equal((await download(cluster, bob, preview!.image!.url)).status, 404);
    const { entries } = await cluster.ok<SyncPage>(bob, 'POST', '/v1/sync', { cursors: { [id]: 0 } });
    assert.doesNotMatch(JSON.stringify(entries), /story|127\.0\.0\.1/);
    assert.equal((await cluster.rest(ada, 'DELETE', path(id, messageId))).status, 409);
  });

  it('never ask private addresses, and tell nobody what is there', async () => {
    const { id } = await cluster.group([ada, bob]);
    const inside = [`${secret.url}/`, `http://[::ffff:127.0.0.2]:${secret.port}/`, 'http://169.254.169.254/latest/meta-data/'];
    await adas.send(id, inside.join(' '));
    await adas.send(id, `http://localhost:${cluster.pod(0).adminUrl.split(':').at(-1)}/metrics`);
    await quiet(id);
    assert.deepEqual([secret.seen, previewsIn(adas, id)], [[], []]);
  });

  it('are made of no more than three links, none of them in code, and none that one marked', async () => {
    const { id } = await cluster.group([ada]);
    const links = ['x', 'y', 'b', 'a'].map((name) => `${site.url}/${name}`);
    await adas.send(id, `\`${site.url}/a\` <${site.url}/a> ${links.join(' ')}`);
    const { data } = await nextPreview(adas, id);
    assert.deepEqual(
      data.previews.map(({ title }) => title),
      ['Another'],
    );
  });

  it('are limited per person and per host', async () => {
    const eve = await cluster.guest('Eve');
    using eves = await cluster.connect(eve);
    const { id } = await cluster.group([eve]);
    const others = () => site.seen.filter((seen) => seen.startsWith('/eve')).length;
    for (let i = 0; i < 8; i += 1) await eves.send(id, [0, 1, 2].map((n) => `${site.url}/eve/${i}/${n}`).join(' '));
    await quiet(id);
    assert.equal(others(), 20);
    const asked = site.seen.length;
    await cluster.sql(
      `insert into link_previews (url_hash, host, fetched_by, expires_at)
       select sha256(i::text::bytea), $1, gen_random_uuid(), now() + interval '1 hour' from generate_series(1, 60) i`,
      [new URL(site.url).host],
    );
    const own = await cluster.group([ada]);
    await adas.send(own.id, `${site.url}/fresh`);
    await quiet(own.id);
    assert.equal(site.seen.length, asked);
    await cluster.sql('delete from link_previews where fetched_by not in (select id from users)');
  });

  it('are dropped, not kept waiting, where they are switched off', async () => {
    await using off = await startPods(1, { FETCH_ALLOWED_NETWORKS: '127.0.0.1', LINK_PREVIEWS: 'off' });
    const eve = await off.guest('Eve');
    using eves = await off.connect(eve);
    const { id } = await off.group([eve]);
    await eves.send(id, `${site.url}/b?off`);
    await eventually(
      async () => {
        const [row] = await off.sql<{ done: boolean }>(
          `select exists (select 1 from search_progress p where p.conversation_id = $1 and p.seq >= 2)
             and not exists (select 1 from jobs) as done`,
          [id],
        );
        return row?.done;
      },
      { deadlineMs: 60_000 },
    );
    assert.equal(previewsIn(eves, id).length, 0);
    assert.deepEqual(await off.sql('select 1 from link_previews'), []);
  });
});

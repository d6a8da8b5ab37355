import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Conversation, SearchPage } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { type Cluster, type Person, startPods, type TestSocket } from './_pods.ts';

describe('search', () => {
  let cluster: Cluster;
  let ada: Person;
  let bob: Person;
  let socket: TestSocket;

  before(async () => {
    cluster = await startPods(2);
    [ada, bob] = (await cluster.guests(2)) as [Person, Person];
    socket = await cluster.connect(ada, 0);
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const find = (person: Person, query: Record<string, string>, pod = 1) =>
    cluster.ok<SearchPage>(person, 'GET', `/v1/search?${new URLSearchParams(query).toString()}`, undefined, pod);
  const bodies = async (person: Person, q: string, more: Record<string, string> = {}) =>
    (await find(person, { q, ...more })).items.map(({ message }) => message.body);
  /** Until the indexer was there; what must not be found is sent before what must. */
  const found = (person: Person, q: string, expected: string[], more: Record<string, string> = {}) =>
    eventually(async () => JSON.stringify(await bodies(person, q, more)) === JSON.stringify(expected), {
      deadlineMs: 20_000,
      message: `"${q}" finds ${expected.join(', ')}`,
    });

  async function say(conversationId: string, ...texts: string[]): Promise<void> {
    for (const text of texts) await socket.send(conversationId, text);
  }

  it('finds words, phrases, the beginning of the last word, and not what is excluded', async () => {
    const { id } = await cluster.group([ada, bob]);
    await say(id, 'the quick brown fox', 'a brown quick bear', 'brownies for everyone');
    await found(ada, 'brown', ['brownies for everyone', 'a brown quick bear', 'the quick brown fox']);
    assert.deepEqual(await bodies(ada, 'quick brown'), ['a brown quick bear', 'the quick brown fox']);
    assert.deepEqual(await bodies(ada, '"quick brown"'), ['the quick brown fox']);
    assert.deepEqual(await bodies(ada, 'quick -fox'), ['a brown quick bear']);
    assert.deepEqual(await bodies(ada, 'fox or bear'), ['a brown quick bear', 'the quick brown fox']);
    assert.deepEqual(await bodies(ada, 'browni'), ['brownies for everyone']);
    assert.deepEqual(await bodies(ada, '"brow"'), []);
    // Nothing to look for is no error.
    for (const q of ['-fox', '"', '""', '!', 'or', '\\', "'", ':*', '& |']) assert.equal((await find(ada, { q })).nextCursor, null, q);
  });

  it('knows other forms of a word, umlauts and accents, and guesses at typos', async () => {
    const { id } = await cluster.group([ada, bob]);
    await say(id, 'Die Häuser am Fluss', 'two mice were running', 'un café crème', 'the refrigerator is empty');
    await found(ada, 'haus', ['Die Häuser am Fluss']);
    assert.deepEqual(await bodies(ada, 'hauser'), ['Die Häuser am Fluss']);
    assert.deepEqual(await bodies(ada, 'run '), ['two mice were running']);
    assert.deepEqual(await bodies(ada, 'cafe creme'), ['un café crème']);
    const typo = await find(ada, { q: 'refridgerator' });
    assert.equal(typo.similar, true);
    assert.deepEqual(
      typo.items.map(({ message }) => message.body),
      ['the refrigerator is empty'],
    );
    assert.equal((await find(ada, { q: 'refrigerator' })).similar, undefined);
  });

  it('marks what matched, in a part of the text around it', async () => {
    const { id } = await cluster.group([ada]);
    const lead = 'word '.repeat(60);
    await say(id, `${lead}here is the zeppelin\nand two zeppelins more ${lead}`);
    const page = await eventually(
      async () => {
        const result = await find(ada, { q: 'zeppelin' });
        return result.items.length === 1 && result;
      },
      { deadlineMs: 20_000 },
    );
    const { text, ranges } = page.items[0]!.snippet;
    assert.ok(text.length < 230 && text.startsWith('…') && text.endsWith('…'), text);
    assert.deepEqual(
      ranges.map(([from, to]) => text.slice(from, to)),
      ['zeppelin', 'zeppelins'],
    );
  });

  it('shows only what the caller may read', async () => {
    const secret = await cluster.group([ada]);
    const shared = await cluster.group([ada]);
    await say(secret.id, 'the treasure lies north');
    await say(shared.id, 'the treasure lies south');
    await cluster.ok(ada, 'POST', `/v1/conversations/${shared.id}/members`, { userIds: [bob.id] });
    await say(shared.id, 'the treasure lies west');
    await found(ada, 'treasure', ['the treasure lies west', 'the treasure lies south', 'the treasure lies north']);
    // From the first seq of a member on.
    assert.deepEqual(await bodies(bob, 'treasure'), ['the treasure lies west']);
    assert.deepEqual(await bodies(bob, 'treasure', { conversationId: secret.id }), []);
    await cluster.ok(ada, 'DELETE', `/v1/conversations/${shared.id}/members/${bob.id}`);
    assert.deepEqual(await bodies(bob, 'treasure'), []);
    await cluster.ok(ada, 'DELETE', `/v1/conversations/${shared.id}`);
    assert.deepEqual(await bodies(ada, 'treasure'), ['the treasure lies north']);
  });

  it('follows edits and deletions', async () => {
    const { id } = await cluster.group([ada, bob]);
    await say(id, 'we meet on monday', 'bring umbrellas');
    await found(bob, 'umbrella', ['bring umbrellas']);
    const { items } = await find(ada, { q: 'monday' });
    const [first] = items.map(({ message }) => message);
    await cluster.ok(ada, 'PATCH', `/v1/conversations/${id}/messages/${first!.id}`, { body: 'we meet on tuesday' });
    await found(bob, 'tuesday', ['we meet on tuesday']);
    assert.deepEqual(await bodies(bob, 'monday'), []);
    await cluster.ok(ada, 'DELETE', `/v1/conversations/${id}/messages/${first!.id}`);
    // At once: the message itself is looked at, whatever the index says.
    assert.deepEqual(await bodies(bob, 'tuesday'), []);
  });

  it('filters by conversation, person and time', async () => {
    const one = await cluster.group([ada, bob]);
    const two = await cluster.group([ada, bob]);
    using other = await cluster.connect(bob, 1);
    await say(one.id, 'lantern from ada');
    const sentAtMs = Date.now();
    await eventually(() => Date.now() > sentAtMs + 2);
    await other.send(two.id, 'lantern from bob');
    await found(ada, 'lantern', ['lantern from bob', 'lantern from ada']);
    assert.deepEqual(await bodies(ada, 'lantern', { conversationId: one.id }), ['lantern from ada']);
    assert.deepEqual(await bodies(ada, 'lantern', { from: bob.id }), ['lantern from bob']);
    assert.deepEqual(await bodies(ada, '', { from: bob.id, conversationId: two.id }), ['lantern from bob']);
    assert.deepEqual(await bodies(ada, 'lantern', { has: 'file' }), []);
    const { at } = (await find(ada, { q: 'lantern' })).items[0]!.message;
    assert.deepEqual(await bodies(ada, 'lantern', { after: at }), ['lantern from bob']);
    assert.deepEqual(await bodies(ada, 'lantern', { before: at }), ['lantern from ada']);
  });

  it('goes through the results page by page, each once', async () => {
    const { id } = await cluster.group([ada]);
    const texts = Array.from({ length: 7 }, (_, i) => `marble ${i}`);
    await say(id, ...texts);
    await found(ada, 'marble', texts.toReversed());
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: SearchPage = await find(ada, { q: 'marble', limit: '3', ...(cursor && { cursor }) });
      seen.push(...page.items.map(({ message }) => message.body));
      cursor = page.nextCursor;
    }
    assert.deepEqual(seen, texts.toReversed());
  });

  it('names the conversation by its title, or by its people', async () => {
    const group = await cluster.ok<Conversation>(ada, 'POST', '/v1/conversations', { kind: 'group', title: 'Plans', memberIds: [bob.id] });
    const direct = await cluster.ok<Conversation>(ada, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [bob.id] });
    await say(group.id, 'picnic in the park');
    await say(direct.id, 'picnic at home');
    await found(ada, 'picnic', ['picnic at home', 'picnic in the park']);
    const titles = (await find(ada, { q: 'picnic' })).items.map((hit) => hit.conversationTitle);
    assert.deepEqual(titles, [bob.user.displayName, 'Plans']);
  });

  it('refuses what is no search', async () => {
    for (const query of [
      '',
      'q=',
      'q=x&limit=0',
      'q=x&limit=51',
      'q=x&cursor=x',
      'q=x&before=yesterday',
      'q=x&has=cake',
      'q=x&from=me',
      'q=%00',
    ]) {
      const answer = await cluster.rest(ada, 'GET', `/v1/search?${query}`);
      assert.equal(answer.status, 422, query);
    }
    assert.equal((await fetch(`${cluster.pods[0]!.url}/v1/search?q=x`)).status, 401);
  });

  it('finds again what was sent while no indexer ran, also when the outbox has forgotten it', async () => {
    const { id } = await cluster.group([ada]);
    await say(id, 'before the pause');
    await found(ada, 'pause', ['before the pause']);
    // In one transaction under the indexer's own lock: a pass in the middle would say anew that it has just run.
    await cluster.sql(
      `select pg_advisory_xact_lock(7251604130); delete from message_search; delete from search_progress; delete from batches;
       update search_state set ran_at = now() - interval '1 hour'`,
    );
    await found(ada, 'pause', ['before the pause']);
  });
});

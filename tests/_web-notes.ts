import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './_axe.ts';
import { createBot, sayMany } from './_bot.ts';
import { createGroup, list, message, openAs, openConversation, soon, type World } from './_web.ts';

const lines = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1}`);

/** Four people of a name that no other test has. */
function makePeople({ url }: World) {
  const make = (name: string) => createBot(url, `${crypto.randomUUID()}@example.com`, name);
  return Promise.all(['Bob', 'Cem', 'Dan', 'Eva'].map(make));
}

export function noteTests(world: () => World): void {
  test('who comes, goes and names a conversation is told between the messages, live, and counts as nothing', async () => {
    const { ada, grace } = world();
    const [bob, cem, dan, eva] = await makePeople(world());
    const group = await createGroup(world(), 'Comings');
    const path = `/v1/conversations/${group.id}`;
    await grace.say(group.id, 'the only message');
    await using person = await openAs(world(), 'grace');
    const { page } = person;
    await openConversation(person, group.id);
    await message(page, 'the only message').waitFor();
    const notes = list(page).getByTestId('note');
    assert.match((await notes.innerText()).trim(), new RegExp(`^Ada Lovelace named this group “${group.title}”`));
    const added = [bob, cem, dan, eva].map((one) => one!.userId);
    await ada.call('POST', `${path}/members`, { userIds: added });
    const line = notes.filter({ hasText: 'Ada Lovelace added Bob, Cem and 2 more' });
    await line.waitFor();
    await soon('it is read out', async () =>
      (await page.getByTestId('announcer').textContent())?.includes('Ada Lovelace added Bob, Cem and 2 more'),
    );
    await line.hover();
    assert.equal(await page.getByTestId('message-toolbar').count(), 0);
    await bob!.call('POST', `${path}/leave`);
    await cem!.call('POST', `${path}/leave`);
    await notes.filter({ hasText: 'Bob and Cem left' }).waitFor();
    await ada.call('PATCH', `${path}/members/${dan!.userId}`, { role: 'admin' });
    await ada.call('DELETE', `${path}/members/${eva!.userId}`);
    const invite = await ada.call<{ code: string }>('POST', `${path}/invites`);
    await cem!.call('POST', `/v1/invites/${invite.code}/accept`);
    await ada.call('PATCH', path, { topic: 'Who is here', archived: true });
    await notes.filter({ hasText: 'archived this conversation' }).waitFor();
    const texts = (await notes.allInnerTexts()).map((text) => text.replace(/\s*\d\d:\d\d$/, ''));
    assert.deepEqual(texts.slice(2), [
      'Bob and Cem left',
      'Ada Lovelace gave Dan the role “Admin”',
      'Ada Lovelace removed Eva',
      'Cem joined by a link',
      'Ada Lovelace set the topic “Who is here”',
      'Ada Lovelace archived this conversation',
    ]);
    assert.equal(await page.getByTestId('new-divider').count(), 0);
    const item = page.locator(`[data-testid="conversation-item"][data-conversation-id="${group.id}"]`);
    assert.equal(await item.getAttribute('data-unread'), '0');
    await check(person, 'notes-1280-light-en');
  });

  test('what happened long ago stands in its place when one scrolls there, in both languages', async () => {
    const { ada, url } = world();
    const group = await createGroup(world(), 'Ages');
    await sayMany(url, ada.token, group.id, lines(150));
    await ada.call('PATCH', `/v1/conversations/${group.id}`, { topic: 'Mühle' });
    await sayMany(url, ada.token, group.id, lines(150));
    await using person = await openAs(world(), 'ada', { locale: 'de-DE', colorScheme: 'dark', viewport: { width: 375, height: 760 } });
    const { page } = person;
    await page.goto(`${url}/#/c/${group.id}/152`);
    const note = list(page).getByTestId('note').filter({ hasText: 'Ada Lovelace hat das Thema „Mühle“ gesetzt' });
    await note.waitFor();
    await check(person, 'notes-375-dark-de');
    const order = await list(page).evaluate((box) =>
      [...box.querySelectorAll('[data-index]')]
        .toSorted((a, b) => Number(a.getAttribute('data-index')) - Number(b.getAttribute('data-index')))
        .map((row) => row.querySelector('[data-seq]')?.getAttribute('data-seq') ?? row.firstElementChild?.getAttribute('data-testid')),
    );
    const at = order.indexOf('note');
    assert.deepEqual([order[at - 1], order[at + 1]], ['151', '153']);
    await page.goto(`${url}/#/c/${group.id}/2`);
    await list(page)
      .getByTestId('note')
      .filter({ hasText: `hat diese Gruppe „${group.title}“ genannt` })
      .waitFor();
  });
}

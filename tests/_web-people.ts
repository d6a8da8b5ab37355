import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { sayMany } from './_bot.ts';
import { screenshot } from './_browser.ts';
import { composer, createGroup, list, message, openAs, openConversation, soon, type World } from './_web.ts';

interface Stored {
  members: { userId: string; role: string }[];
}

/** What the server says the role is. */
async function roleOf({ ada }: World, conversationId: string, userId: string): Promise<string | undefined> {
  const { members } = await ada.call<Stored>('GET', `/v1/conversations/${conversationId}`);
  return members.find((member) => member.userId === userId)?.role;
}

/** Upper and lower edges of the only toolbar in the list, its message and the list; undefined: there is none, or more than one. */
function edges(page: Page): Promise<{ bar: [number, number]; body: [number, number]; listTop: number; text: string } | undefined> {
  return list(page).evaluate((box) => {
    const edgesOf = (element: { getBoundingClientRect(): { top: number; bottom: number } }): [number, number] => [
      element.getBoundingClientRect().top,
      element.getBoundingClientRect().bottom,
    ];
    const [bar, another] = box.querySelectorAll('[data-testid="message-toolbar"]');
    const body = bar?.closest('article')?.querySelector('[data-testid="message-body"]');
    if (!bar || another || !body) return undefined;
    return { bar: edgesOf(bar), body: edgesOf(body), listTop: box.getBoundingClientRect().top, text: body.textContent ?? '' };
  });
}

export function peopleTests(world: () => World): void {
  test('a name and a mention lead to a profile, from which one writes to the person, gives a role, and removes them', async () => {
    const group = await createGroup(world(), 'Roles');
    const { grace } = world();
    await grace.say(group.id, 'I ask @Ada Lovelace', { mentions: [world().ada.userId] });
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    await message(page, 'I ask').getByTestId('author').click();
    const card = page.getByTestId('person-card');
    await card.getByText('Grace Hopper').waitFor();
    await card.getByTestId('person-role').selectOption('readonly');
    await soon('she may only read', async () => (await roleOf(world(), group.id, grace.userId)) === 'readonly');
    await assert.rejects(grace.say(group.id, 'not any more'), /403/);
    await card.getByTestId('person-role').selectOption('admin');
    await soon('she is an admin', async () => (await roleOf(world(), group.id, grace.userId)) === 'admin');
    await card.getByTestId('person-role').selectOption('owner');
    await screenshot(person, 'make-owner-1280-light');
    await page.getByTestId('confirm-action').click();
    await soon('she is an owner', async () => (await roleOf(world(), group.id, grace.userId)) === 'owner');
    await page.getByTestId('confirm').waitFor({ state: 'detached' });
    await screenshot(person, 'person-1280-light');
    await card.getByTestId('person-remove').click();
    await page.getByTestId('confirm-action').click();
    await soon('she is gone', async () => (await roleOf(world(), group.id, grace.userId)) === undefined);
    await card.waitFor({ state: 'detached' });
    await message(page, 'I ask').getByTestId('mention').click();
    await page.getByRole('dialog').getByText('Ada Lovelace').first().waitFor();
    await page.keyboard.press('Escape');
    await message(page, 'I ask').getByTestId('author').click();
    await card.getByTestId('person-message').click();
    await soon('the two are alone', async () => (await page.getByTestId('conversation-title').innerText()) === 'Grace Hopper');
  });

  test('a new name and status text are seen by others at once, and when somebody was there last', async () => {
    await using ada = await openAs(world(), 'ada', { viewport: { width: 375, height: 740 } });
    const grace = await openAs(world(), 'grace');
    const rename = async (name: string, status: string) => {
      await grace.page.getByTestId('profile-name').fill(name);
      await grace.page.getByTestId('profile-status').fill(status);
      await grace.page.getByTestId('profile-save').click();
      await grace.page.getByTestId('profile-save').waitFor({ state: 'detached' });
    };
    await grace.page.getByTestId('profile').click();
    await rename('Rear Admiral Hopper', 'On a ship');
    await screenshot(grace, 'profile-1280-light');
    try {
      await ada.page.getByTestId('conversation-item').filter({ hasText: 'Rear Admiral Hopper' }).first().click();
      await ada.page.getByTestId('details').click();
      await ada.page.getByTestId('details-panel').getByText('On a ship').waitFor();
    } finally {
      await rename('Grace Hopper', '');
      await grace[Symbol.asyncDispose]();
    }
    // Offline is who has had no connection for ten seconds.
    await ada.page.getByTestId('details-panel').getByText('Last seen').waitFor({ timeout: 60_000 });
  });

  test('an archived conversation is read and not written in, and a deleted one is gone for everybody', async () => {
    const group = await createGroup(world(), 'Ending');
    await world().grace.say(group.id, 'the last word');
    await using ada = await openAs(world(), 'ada');
    await using grace = await openAs(world(), 'grace', { viewport: { width: 375, height: 740 }, colorScheme: 'dark', locale: 'de-DE' });
    for (const person of [ada, grace]) await openConversation(person, group.id);
    await ada.page.getByTestId('details').click();
    await ada.page.getByTestId('archive').click();
    for (const { page } of [ada, grace]) await page.getByTestId('no-composer').waitFor();
    await message(grace.page, 'the last word').waitFor();
    await screenshot(grace, 'archived-375-dark');
    await screenshot(ada, 'archived-1280-light');
    await ada.page.getByTestId('archive').click();
    for (const { page } of [ada, grace]) await composer(page).waitFor();
    await ada.page.getByTestId('delete-conversation').click();
    await ada.page.getByTestId('confirm-action').click();
    for (const { page } of [ada, grace]) {
      await page.locator(`[data-testid="conversation-item"][data-conversation-id="${group.id}"]`).waitFor({ state: 'detached' });
    }
  });

  test('of a blocked person nothing is shown, neither quoted, found, pinned, previewed nor counted, before one asks for it', async () => {
    const { ada, grace, url } = world();
    const group = await createGroup(world(), 'Blocked');
    const bad = await grace.say(group.id, 'marmalade everywhere');
    await ada.say(group.id, 'please stop', { replyTo: bad.id });
    await ada.say(group.id, 'in the thread', { threadRoot: bad.id });
    await ada.call('PUT', `/v1/conversations/${group.id}/messages/${bad.id}/pin`);
    await ada.call('PUT', `/v1/users/me/blocks/${grace.userId}`);
    try {
      await grace.say(group.id, 'more marmalade');
      await using person = await openAs(world(), 'ada');
      const { page } = person;
      const item = page.locator(`[data-testid="conversation-item"][data-conversation-id="${group.id}"]`);
      await item.getByText('Message from someone you blocked').waitFor();
      assert.equal(await item.getAttribute('data-unread'), '0');
      await openConversation(person, group.id);
      await message(page, 'please stop').getByText('Message from someone you blocked').waitFor();
      await message(page, 'in the thread').getByTestId('thread-mark').waitFor();
      await page.getByTestId('pins').click();
      await page.getByTestId('pins-panel').getByTestId('blocked-message').waitFor();
      assert.equal(await page.getByTestId('new-divider').count(), 0);
      await page.getByTestId('open-search').click();
      await page.getByTestId('message-search').fill('marmalade');
      await page.getByTestId('search-result').first().getByText('Message from someone you blocked').waitFor();
      assert.equal(await page.getByText('marmalade').count(), 0);
      await screenshot(person, 'blocked-everywhere-1280-light');
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.getByTestId('blocked-message').first().click();
      await message(page, 'marmalade everywhere').waitFor();
      await page.goto(`${url}/#/`);
    } finally {
      await ada.call('DELETE', `/v1/users/me/blocks/${grace.userId}`);
    }
  });

  test('the actions of a message are never cut off, and on a phone never cover it', async () => {
    const { grace, url } = world();
    const group = await createGroup(world(), 'Toolbar');
    const text = 'and it is long enough to go over two lines on a small screen';
    await sayMany(
      url,
      grace.token,
      group.id,
      Array.from({ length: 60 }, (_, i) => `line ${i + 1}. ${text}`),
    );
    await using wide = await openAs(world(), 'ada');
    await wide.page.goto(`${url}/#/c/${group.id}/61`);
    await message(wide.page, 'line 60.').waitFor();
    await soon('of the topmost message too', async () => {
      const frame = await list(wide.page).boundingBox();
      assert.ok(frame);
      await wide.page.mouse.move(frame.x + 300, frame.y + 40);
      await wide.page.mouse.move(frame.x + 300, frame.y + 3);
      const now = await edges(wide.page);
      return now !== undefined && now.bar[0] >= now.listTop;
    });
    await using phone = await openAs(world(), 'ada', { viewport: { width: 375, height: 740 }, hasTouch: true });
    await phone.page.goto(`${url}/#/c/${group.id}/61`);
    const last = message(phone.page, 'line 60.');
    await last.waitFor();
    await soon('they stand clear of the message', async () => {
      await last.getByTestId('message-body').tap();
      const now = await edges(phone.page);
      if (!now?.text.startsWith('line 60.')) return false;
      return now.bar[1] <= now.body[0] + 1 || now.bar[0] >= now.body[1] - 1;
    });
    await screenshot(phone, 'toolbar-375-light');
  });
}

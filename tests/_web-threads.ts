import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Conversation } from '@chatcluster/protocol';
import { type Person, screenshot } from './_browser.ts';
import { createGroup, message, openAs, openConversation, soon, type World } from './_web.ts';

const files = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `notes-${i + 1}.txt`, mimeType: 'text/plain', buffer: Buffer.from(`note ${i + 1}`) }));

export function threadTests(world: () => World): void {
  test('an answer in a thread keeps its draft while the thread is closed, and takes files along', async () => {
    const { grace } = world();
    const group = await createGroup(world(), 'Drafting');
    await grace.say(group.id, 'Who has the notes?');
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    const open = async () => {
      await message(page, 'Who has the notes?').first().focus();
      await page.keyboard.press('t');
      await page.getByTestId('thread-composer').waitFor();
    };
    await open();
    await page.getByTestId('thread-composer').fill('Here they');
    await page.keyboard.press('Escape');
    await page.getByTestId('thread-panel').waitFor({ state: 'detached' });
    await page.reload();
    await message(page, 'Who has the notes?').waitFor();
    await open();
    await soon('the draft is there', async () => (await page.getByTestId('thread-composer').inputValue()) === 'Here they');
    await page.getByTestId('thread-file-input').setInputFiles(files(1));
    await page.locator('[data-testid="upload"][data-state="ready"]').waitFor();
    await screenshot(person, 'thread-file-1280-light');
    await page.getByTestId('thread-send').click();
    const answer = page.getByTestId('thread-panel').getByTestId('message').filter({ hasText: 'Here they' });
    await answer.getByTestId('attachment-file').getByText('notes-1.txt').waitFor();
    assert.equal(await page.getByTestId('thread-composer').inputValue(), '');
    await page.getByTestId('upload').waitFor({ state: 'detached' });
  });

  test('a thread that one takes part in says what is new in it, until it was looked at, on every device', async () => {
    const { ada, grace } = world();
    const group = await createGroup(world(), 'Unread threads');
    const root = await ada.say(group.id, 'Which room shall it be?');
    await grace.say(group.id, 'The larger one', { threadRoot: root.id });
    await grace.say(group.id, 'Or the garden', { threadRoot: root.id });
    const other = await grace.say(group.id, 'Who brings tea?');
    await grace.say(group.id, 'I do, I have some', { threadRoot: other.id });
    await using laptop = await openAs(world(), 'ada');
    await using phone = await openAs(world(), 'ada', { viewport: { width: 375, height: 760 }, colorScheme: 'dark' });
    await using hers = await openAs(world(), 'grace');
    for (const person of [laptop, phone, hers]) {
      await openConversation(person, group.id);
      await message(person.page, 'I do, I have some').waitFor();
    }
    const mark = ({ page }: Person) => page.getByTestId('thread-unread');
    for (const person of [laptop, phone]) await mark(person).getByText('2 new').waitFor();
    // Neither the one of others, nor what one wrote oneself.
    assert.deepEqual([await mark(laptop).count(), await mark(hers).count()], [1, 0]);
    await screenshot(laptop, 'thread-unread-1280-light');
    await screenshot(phone, 'thread-unread-375-dark');
    await message(laptop.page, 'Which room').first().getByTestId('thread-summary').click();
    await laptop.page.getByTestId('thread-panel').getByText('Or the garden').waitFor();
    for (const person of [laptop, phone]) await mark(person).waitFor({ state: 'detached' });

    // What comes while one looks is read at once.
    const third = await grace.say(group.id, 'The garden, then', { threadRoot: root.id });
    await laptop.page.getByTestId('thread-panel').getByText('The garden, then').waitFor();
    await soon('it is read', async () => {
      const { me } = await ada.call<Conversation>('GET', `/v1/conversations/${group.id}`);
      return me.threads?.[root.id] === third.seq;
    });
    await laptop.page.keyboard.press('Escape');
    await laptop.page.getByTestId('thread-panel').waitFor({ state: 'detached' });
    await grace.say(group.id, 'At three', { threadRoot: root.id });
    for (const person of [laptop, phone]) await mark(person).getByText('1 new').waitFor();
    await phone.page.reload();
    await mark(phone).getByText('1 new').waitFor();
    await message(phone.page, 'Which room').first().getByTestId('thread-summary').click();
    await mark(laptop).waitFor({ state: 'detached' });
  });

  test('more files than a message takes are left out, and that is said', async () => {
    const group = await createGroup(world(), 'Files');
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    await page.getByTestId('file-input').setInputFiles(files(11));
    await page.getByText('A message takes only so many files.').waitFor();
    await soon('as many as it takes', async () => (await page.locator('[data-testid="upload"][data-state="ready"]').count()) === 10);
    await page.getByTestId('send').click();
    await page.getByTestId('attachment-file').getByText('notes-10.txt').waitFor();
    assert.deepEqual(
      await page.getByTestId('attachment-file').evaluateAll((all) => all.map((one) => /notes-\d+/.exec(one.textContent ?? '')?.[0])),
      files(10).map(({ name }) => name.replace('.txt', '')),
    );
  });

  test('a pinned message says so also in the middle of a group, and a conversation keeps what it notifies of', async () => {
    const { grace, ada } = world();
    const group = await createGroup(world(), 'Levels');
    await grace.say(group.id, 'first');
    const second = await grace.say(group.id, 'second');
    await ada.call('PUT', `/v1/conversations/${group.id}/messages/${second.id}/pin`);
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    await message(page, 'second').getByText('Pinned').waitFor();
    await page.getByTestId('details').click();
    await page.getByTestId('level').selectOption('none');
    const item = page.locator(`[data-testid="conversation-item"][data-conversation-id="${group.id}"]`);
    await item.getByRole('img', { name: 'Nothing' }).waitFor();
    const { me } = await ada.call<{ me: { level: string } }>('GET', `/v1/conversations/${group.id}`);
    assert.equal(me.level, 'none');
  });
}

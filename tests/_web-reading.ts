import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sayMany } from './_bot.ts';
import { startCable } from './_cable.ts';
import {
  composer,
  createGroup,
  list,
  message,
  openAs,
  openConversation,
  placeOf,
  pointAt,
  say,
  soon,
  topMessage,
  topOf,
  twoFrames,
  type World,
} from './_web.ts';

const lines = (count: number, word = 'line') =>
  Array.from({ length: count }, (_, i) => `${word} ${i + 1}${i % 9 === 0 ? '\nin two lines' : ''}`);
/** A reader does not notice less than this. */
const STILL_PX = 6;

export function readingTests(world: () => World): void {
  test('a conversation with much unread opens at the first unread message, and the line stays until one leaves', async () => {
    const { ada, grace, url } = world();
    const group = await createGroup(world(), 'Unread');
    await sayMany(url, ada.token, group.id, lines(400));
    await grace.call('POST', `/v1/conversations/${group.id}/read`, { seq: 101 });
    await using person = await openAs(world(), 'grace');
    const { page } = person;
    await openConversation(person, group.id);
    const divider = page.getByTestId('new-divider');
    await divider.waitFor();
    const at = await soon('the line comes to rest in the upper half', async () => {
      const place = await placeOf(page, '[data-testid="new-divider"]');
      return place !== undefined && place > 0.1 && place < 0.5 ? place : undefined;
    });
    assert.ok(at > 0);
    await page.getByTestId('jump').click();
    await message(page, 'line 400').waitFor();
    const item = page.locator(`[data-testid="conversation-item"][data-conversation-id="${group.id}"]`);
    await soon('everything is read', async () => (await item.getAttribute('data-unread')) === '0');
    await page.goto(`${url}/#/c/${group.id}/101`);
    await divider.waitFor();
    await page.getByTestId('conversation-item').filter({ hasText: 'General' }).click();
    await openConversation(person, group.id);
    await message(page, 'line 400').waitFor();
    assert.equal(await divider.count(), 0);
  });

  test('a link leads to its message among 10,000, and scrolling either way moves nothing that is in sight', async () => {
    const { ada, url } = world();
    const group = await createGroup(world(), 'Long');
    await sayMany(url, ada.token, group.id, lines(10_000));
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await page.goto(`${url}/#/c/${group.id}/5000`);
    const target = page.locator('[data-testid="message"][data-seq="5000"]');
    await target.waitFor();
    await page.locator('[data-target="true"][data-seq="5000"]').waitFor();
    await soon('the message is in sight', async () => {
      const place = await placeOf(page, '[data-seq="5000"]');
      return place !== undefined && place > 0 && place < 0.8;
    });
    await walkThrough(page, -1, 4_800);
    await walkThrough(page, 1, 5_250);
    const rendered = await list(page).locator('[data-testid="message"]').count();
    assert.ok(rendered < 200, `${rendered} rows are rendered`);
    await page.getByTestId('jump').click();
    await message(page, 'line 10000').waitFor();
    await page.goBack();
    await page.goto(`${url}/#/c/${group.id}/5000`);
    await target.waitFor();
  });

  test('what was missed while offline moves nothing, is counted on the pill, and is there once', async () => {
    const { ada, url } = world();
    const group = await createGroup(world(), 'Away');
    await sayMany(url, ada.token, group.id, lines(300));
    await using cable = await startCable(url);
    await using person = await openAs({ ...world(), url: cable.url }, 'grace');
    const { page } = person;
    await openConversation(person, group.id);
    await page.getByTestId('new-divider').waitFor();
    await page.getByTestId('jump').click();
    await message(page, 'line 300').waitFor();
    await list(page).evaluate((box) => box.scrollBy(0, -1_500));
    await page.getByTestId('jump').waitFor();
    const before = await settledTop(page);
    assert.ok(before.seq > 150, `older messages that came took the reader to ${before.seq}`);
    cable.cut();
    await page.getByTestId('banner').waitFor();
    await sayMany(url, ada.token, group.id, lines(40, 'missed'));
    cable.mend();
    await soon('the pill counts what was missed', async () => (await page.getByTestId('jump').innerText()).includes('40'));
    await page.getByTestId('banner').waitFor({ state: 'detached' });
    await soon('what one reads is where it was', async () => Math.abs((await topOf(page, before.seq)) - before.top) < STILL_PX);
    await page.getByTestId('jump').click();
    await message(page, 'missed 40').waitFor();
    assert.equal(await message(page, 'missed 40').count(), 1);
  });

  test('quotes and pins lead to their messages, and a message can be marked as unread', async () => {
    const { ada, grace, url } = world();
    const group = await createGroup(world(), 'Places');
    const first = await ada.say(group.id, 'the very first one');
    await sayMany(url, ada.token, group.id, lines(200));
    await grace.say(group.id, 'an answer to the start', { replyTo: first.id });
    await ada.call('PUT', `/v1/conversations/${group.id}/messages/${first.id}/pin`);
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    await message(page, 'an answer to the start').getByTestId('reply-quote').click();
    await message(page, 'the very first one').first().waitFor();
    await page.getByTestId('jump').click();
    await message(page, 'an answer to the start').waitFor();
    await page.getByTestId('pins').click();
    await page.getByTestId('pins-panel').getByText('the very first one').waitFor();
    await page.getByTestId('go-to-pin').click();
    await page.locator('[data-target="true"]').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('pins-panel').waitFor({ state: 'detached' });
    await page.getByTestId('jump').click();
    const answer = message(page, 'an answer to the start');
    await pointAt(answer);
    await answer.getByTestId('more').click();
    await page.getByRole('menuitem', { name: 'Mark as unread' }).click();
    await page.getByTestId('new-divider').waitFor();
    await page.getByTestId('conversation-item').filter({ hasText: 'General' }).click();
    const item = page.locator(`[data-testid="conversation-item"][data-conversation-id="${group.id}"]`);
    await soon('it counts as unread', async () => (await item.getAttribute('data-unread')) === '1');
  });

  test('new messages are followed at the end only, and read out', async () => {
    const { ada, url } = world();
    const group = await createGroup(world(), 'Follow');
    await sayMany(url, ada.token, group.id, lines(60));
    await using person = await openAs(world(), 'grace');
    const { page } = person;
    await page.goto(`${url}/#/c/${group.id}/61`);
    await message(page, 'line 60').waitFor();
    await soon('it is scrolled to the end', async () => {
      await list(page).evaluate((box) => box.scrollTo(0, box.scrollHeight));
      await twoFrames(page);
      return (await page.getByTestId('jump').count()) === 0;
    });
    await ada.say(group.id, 'this is followed');
    await soon(
      'it is in sight',
      async () =>
        ((await placeOf(page, '[data-testid="message"]:last-child')) ?? 2) < 1 && (await message(page, 'this is followed').isVisible()),
    );
    await soon('it is read out', async () => (await page.getByTestId('announcer').textContent())?.includes('this is followed'));
    await list(page).evaluate((box) => box.scrollBy(0, -600));
    await page.getByTestId('jump').waitFor();
    const before = await settledTop(page);
    await ada.say(group.id, 'this is not');
    await soon('it is counted', async () => (await page.getByTestId('jump').innerText()).includes('1'));
    await soon('what one reads is where it was', async () => Math.abs((await topOf(page, before.seq)) - before.top) < STILL_PX);
    await say(page, 'my own is always shown');
    await message(page, 'my own is always shown').waitFor();
    await page.getByTestId('jump').waitFor({ state: 'detached' });
    assert.equal(await composer(page).inputValue(), '');
  });
}

type PageOf = Parameters<typeof list>[0];

/** The first message in sight, when the list has come to rest. */
async function settledTop(page: PageOf): Promise<{ seq: number; top: number }> {
  let before = await topMessage(page);
  await soon('the list comes to rest', async () => {
    await twoFrames(page);
    const now = await topMessage(page);
    const isStill = now.seq === before.seq && Math.abs(now.top - before.top) < 1;
    before = now;
    return isStill;
  });
  return before;
}

/** Scrolls page by page until `seq` is rendered; between two steps no message in sight moves when others are loaded. */
async function walkThrough(page: PageOf, direction: 1 | -1, seq: number): Promise<void> {
  for (let step = 0; step < 200; step += 1) {
    const isThere = await page.locator(`[data-testid="message"][data-seq="${seq}"]`).count();
    if (isThere > 0) return;
    await list(page).evaluate((box, by) => box.scrollBy(0, by * box.clientHeight * 0.9), direction);
    const at = await settledTop(page);
    // Rows that were measured just now are made up for before the next picture is drawn.
    await soon(`message ${at.seq} stays where it is`, async () => {
      const later = await topOf(page, at.seq);
      return Number.isNaN(later) || Math.abs(later - at.top) < STILL_PX;
    });
  }
  assert.fail(`scrolling did not lead to message ${seq}`);
}

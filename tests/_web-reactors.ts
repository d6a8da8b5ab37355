import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from './_axe.ts';
import { createBot } from './_bot.ts';
import { createGroup, message, openAs, openConversation, soon, type World } from './_web.ts';

/** Longer than what counts as a long press. */
const PRESS_MS = 900;

export function reactorTests(world: () => World): void {
  test('a reaction tells who reacted: under the mouse, with the focus, and after a long press, which changes nothing', async () => {
    const { ada, grace, url } = world();
    const names = ['Bob', 'Cem', 'Dan', 'Eva'];
    const others = await Promise.all(names.map((name) => createBot(url, `${crypto.randomUUID()}@example.com`, name)));
    const group = await createGroup(world(), 'Reactors');
    const { id } = await grace.say(group.id, 'who likes it');
    await ada.call('POST', `/v1/conversations/${group.id}/members`, { userIds: others.map(({ userId }) => userId) });
    const reaction = `/v1/conversations/${group.id}/messages/${id}/reactions/${encodeURIComponent('🎉')}`;
    for (const one of [ada, ...others.slice(0, 3)]) await one.call('PUT', reaction);
    await using person = await openAs(world(), 'grace');
    const { page } = person;
    await openConversation(person, group.id);
    const chip = message(page, 'who likes it').getByTestId('reaction');
    const hint = page.getByTestId('reactors');
    await chip.hover();
    await hint.filter({ hasText: 'Ada Lovelace, Bob and 2 more reacted with 🎉' }).waitFor();
    await others[3]!.call('PUT', reaction);
    await hint.filter({ hasText: 'Ada Lovelace, Bob and 3 more' }).waitFor();
    await check(person, 'reactors-1280-light-en');
    await page.mouse.move(0, 0);
    await hint.waitFor({ state: 'detached' });
    await page.keyboard.press('Shift');
    await chip.focus();
    await hint.waitFor();
    assert.equal(await chip.getAttribute('aria-describedby'), await hint.getAttribute('id'));
    await page.keyboard.press('Escape');
    await hint.waitFor({ state: 'detached' });
    await page.keyboard.press('Enter');
    await soon('the keyboard reacts', async () => (await chip.getAttribute('aria-pressed')) === 'true');
    await grace.call('DELETE', reaction);
    await longPress(world(), group.id);
  });
}

async function longPress(world: World, groupId: string): Promise<void> {
  await using person = await openAs(world, 'grace', { hasTouch: true, viewport: { width: 375, height: 760 }, locale: 'de-DE' });
  const { page } = person;
  await openConversation(person, groupId);
  const chip = message(page, 'who likes it').getByTestId('reaction');
  const { x, y } = (await chip.boundingBox())!;
  const finger = await page.context().newCDPSession(page);
  await finger.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: x + 8, y: y + 8 }] });
  await page.waitForTimeout(PRESS_MS);
  await finger.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await page.getByTestId('reactors').filter({ hasText: 'Ada Lovelace, Bob und 3 weitere haben mit 🎉 reagiert' }).waitFor();
  assert.equal(await chip.getAttribute('aria-pressed'), 'false');
  await page.touchscreen.tap(200, 300);
  await page.getByTestId('reactors').waitFor({ state: 'detached' });
  await chip.tap();
  await soon('a tap reacts', async () => (await chip.getAttribute('aria-pressed')) === 'true');
}

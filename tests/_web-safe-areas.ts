import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openPage, type Person, screenshot, settled } from './_browser.ts';
import { uploadPicture } from './_web-figures.ts';
import { createGroup, message, openAs, openConversation, twoFrames, type World } from './_web.ts';

interface Insets {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** As a telephone has them, with a notch and a line to swipe on; upright, and on its side. */
const shapes = [
  { name: 'upright', viewport: { width: 375, height: 760 }, insets: { top: 47, right: 0, bottom: 34, left: 0 } },
  { name: 'sideways', viewport: { width: 760, height: 375 }, insets: { top: 0, right: 47, bottom: 21, left: 47 } },
] as const;

/**
 * What one could press or write in, and every heading, that is in sight outside of the safe rectangle. Lists are scrolled to their ends:
 * their middle may pass below the line to swipe on, their last row may not stay there.
 */
const unsafe = (insets: Insets) => `(() => {
  const safe = { top: ${insets.top}, left: ${insets.left}, right: innerWidth - ${insets.right}, bottom: innerHeight - ${insets.bottom} };
  const scrollers = [...document.querySelectorAll('*')].filter(
    (one) => /auto|scroll/.test(getComputedStyle(one).overflowY) && one.scrollHeight > one.clientHeight,
  );
  for (const one of scrollers) one.scrollTop = one.scrollHeight;
  const clipped = (one) => {
    const box = one.getBoundingClientRect();
    const shown = { top: box.top, left: box.left, right: box.right, bottom: box.bottom };
    for (const scroller of scrollers) {
      if (scroller === one || !scroller.contains(one)) continue;
      const frame = scroller.getBoundingClientRect();
      shown.top = Math.max(shown.top, frame.top);
      shown.bottom = Math.min(shown.bottom, frame.bottom);
    }
    return shown;
  };
  return [...document.querySelectorAll('button, a[href], input, textarea, select, h1, h2, [role=menuitem], [role=option]')].flatMap((one) => {
    const { top, left, right, bottom } = clipped(one);
    if (right - left < 2 || bottom - top < 2 || !one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return [];
    // What lies under a dialog or a panel is not in sight.
    const seen = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    if (!seen || !(one.contains(seen) || seen.contains(one))) return [];
    const isSafe = top >= safe.top - 0.5 && left >= safe.left - 0.5 && right <= safe.right + 0.5 && bottom <= safe.bottom + 0.5;
    return isSafe ? [] : [one.outerHTML.slice(0, 140) + ' ' + JSON.stringify({ top, left, right, bottom })];
  });
})()`;

async function setInsets(page: Page, insets: Insets): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setSafeAreaInsetsOverride', { insets });
}

/** What the page shows now lies inside of the safe rectangle. */
async function check(person: Person, insets: Insets, name: string): Promise<void> {
  await settled(person.page);
  await twoFrames(person.page);
  const found = await person.page.evaluate<string[]>(unsafe(insets));
  await screenshot(person, `safe-${name}`);
  assert.deepEqual(found, [], name);
}

export function safeAreaTests(world: () => World): void {
  test('nothing that one presses lies under the notch, the rounded corners or the line to swipe on', async () => {
    const { ada, grace } = world();
    const group = await createGroup(world(), 'Telephones');
    const first = await grace.say(group.id, 'Where shall we meet?');
    await ada.say(group.id, 'At the usual place', { threadRoot: first.id });
    await ada.call('PUT', `/v1/conversations/${group.id}/messages/${first.id}/pin`);
    await ada.say(group.id, 'a map', { attachments: [await uploadPicture(ada, 300, 200)] });
    // More than fit, so that the list has an end to scroll to.
    for (let i = 0; i < 12; i += 1) await createGroup(world(), 'Another');
    for (const { name, viewport, insets } of shapes) {
      await using person = await openAs(world(), 'ada', { viewport, hasTouch: true, isMobile: true });
      await setInsets(person.page, insets);
      const look = (part: string) => check(person, insets, `${part}-${name}`);
      await look('list');
      await openConversation(person, group.id);
      await message(person.page, 'Where shall we meet?').first().waitFor();
      await look('conversation');
      await lookAtParts(person.page, look);
    }
  });

  test('signing in keeps to the safe rectangle, too', async () => {
    for (const { name, viewport, insets } of shapes) {
      const person = await openPage(world().browser, { viewport, hasTouch: true, isMobile: true });
      await setInsets(person.page, insets);
      await person.page.goto(world().url);
      await person.page.getByTestId('sign-in-email').waitFor();
      await check(person, insets, `sign-in-${name}`);
      await person.page.context().close();
    }
  });
}

/** What opens over or beside a conversation. */
async function lookAtParts(page: Page, look: (part: string) => Promise<void>): Promise<void> {
  const close = async (testId: string) => {
    await page.keyboard.press('Escape');
    await page.getByTestId(testId).waitFor({ state: 'detached' });
  };
  await page.getByTestId('details').click();
  await page.getByTestId('member-list').waitFor();
  await look('details');
  await close('details-panel');
  await page.getByTestId('pins').click();
  await page.getByTestId('go-to-pin').waitFor();
  await look('pins');
  await close('pins-panel');
  await message(page, 'Where shall').first().getByTestId('thread-summary').click();
  await page.getByTestId('thread-panel').getByText('At the usual place').waitFor();
  await look('thread');
  await close('thread-panel');
  await page.getByTestId('attachment-image').first().click();
  await page.getByTestId('lightbox').waitFor();
  await look('picture');
  await close('lightbox');
  await page.keyboard.press('Control+k');
  await page.getByTestId('switcher-item').first().waitFor();
  await look('switcher');
  await close('switcher-input');
  await page.keyboard.press('Control+/');
  await page.getByTestId('help').waitFor();
  await look('help');
  await close('help');
}

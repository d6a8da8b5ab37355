import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { check } from './_axe.ts';
import { openPage, type Person } from './_browser.ts';
import { openCards } from './_web-previews.ts';
import { composer, createGroup, list, message, openAs, openConversation, pointAt, type World } from './_web.ts';

/** Targets for a finger; a link inside of a text is as high as its line. */
const FINGER_PX = 44;

/** Visible buttons that are too small for a finger. */
function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll('button, [role=menuitem]')].flatMap((button) => {
    const { width, height } = button.getBoundingClientRect();
    const isShown = width > 0 && button.checkVisibility({ visibilityProperty: true });
    const isInText = button.closest('article') && !button.closest('[role=group]');
    return isShown && !isInText && (width < ${FINGER_PX} || height < ${FINGER_PX}) ? [button.outerHTML.slice(0, 160) + ' ' + width + 'x' + height] : [];
  })`);
}

/** Each width, each theme at a wide and a narrow one, each language at a wide and a narrow one. */
const looks = [
  { width: 1280, colorScheme: 'light', locale: 'en-GB' },
  { width: 768, colorScheme: 'dark', locale: 'de-DE' },
  { width: 375, colorScheme: 'light', locale: 'de-DE' },
  { width: 320, colorScheme: 'dark', locale: 'en-GB' },
] as const;
const sparse = [looks[0], looks[3]] as const;

export function lookTests(world: () => World): void {
  test('every part of the app is accessible and fits, at each width, in both themes and languages', async () => {
    const { ada, grace } = world();
    await using site = await openCards();
    const group = await createGroup(world(), 'Analytical Engine');
    const first = await grace.say(group.id, 'The cards are **punched**. See `run`.');
    await ada.call('PUT', `/v1/conversations/${group.id}/messages/${first.id}/reactions/${encodeURIComponent('🎉')}`);
    await ada.call('PUT', `/v1/conversations/${group.id}/messages/${first.id}/pin`);
    await ada.say(group.id, 'A thread about it', { threadRoot: first.id });
    await ada.say(group.id, 'Ein Wort, das lang ist: Donaudampfschifffahrtsgesellschaftskapitänsmütze', { replyTo: first.id });
    await grace.say(group.id, '> quoted\n```\ncode\n```\n@Ada Lovelace have a look', { mentions: [ada.userId] });
    await grace.say(group.id, `Two of them: ${site.url}/cards ${site.url}/mill`);
    for (const { width, colorScheme, locale } of looks) {
      const name = `${width}-${colorScheme}-${locale.slice(0, 2)}`;
      await using person = await openAs(world(), 'ada', { viewport: { width, height: 760 }, colorScheme, locale });
      // On wider screens the list is beside every conversation.
      if (width <= 375) {
        await check(person, `list-${name}`);
        assert.deepEqual(await smallTargets(person.page), []);
      }
      await openConversation(person, group.id);
      await message(person.page, 'Two of them').getByTestId('link-preview').last().waitFor();
      await check(person, `conversation-${name}`);
      if (width <= 375) assert.deepEqual(await smallTargets(person.page), []);
      if (width === 1280 || width === 320) await checkParts(person, name);
    }
  });

  test('signing in is accessible and fits', async () => {
    for (const { width, colorScheme, locale } of sparse) {
      const person = await openPage(world().browser, { viewport: { width, height: 720 }, colorScheme, locale });
      await person.page.goto(world().url);
      await person.page.getByTestId('sign-in-email').waitFor();
      await check(person, `sign-in-${width}-${colorScheme}-${locale.slice(0, 2)}`);
      await person.page.context().close();
    }
  });

  test('with reduced motion nothing moves', async () => {
    await using person = await openAs(world(), 'ada', { reducedMotion: 'reduce' });
    await person.page.keyboard.press('Control+k');
    await person.page.getByTestId('switcher-input').waitFor();
    const longest = await person.page.evaluate(
      'Math.max(0, ...document.getAnimations().map((animation) => Number(animation.effect.getComputedTiming().activeDuration)))',
    );
    assert.ok(Number(longest) < 20, `something moves for ${longest} ms`);
  });
}

/** What opens over or beside a conversation. */
async function checkParts(person: Person, name: string): Promise<void> {
  const { page } = person;
  const checkFingers = async () => {
    if ((page.viewportSize()?.width ?? 0) < 640) assert.deepEqual(await smallTargets(page), [], name);
  };
  await page.getByTestId('details').click();
  await page.getByTestId('member-list').waitFor();
  await check(person, `details-${name}`);
  await checkFingers();
  await page.keyboard.press('Escape');
  await message(page, 'punched').first().getByTestId('author').click();
  await page.getByTestId('person-role').waitFor();
  await check(person, `person-${name}`);
  await checkFingers();
  await page.keyboard.press('Escape');
  await page.getByTestId('person-card').waitFor({ state: 'detached' });
  await page.getByTestId('pins').click();
  await page.getByTestId('go-to-pin').waitFor();
  await check(person, `pins-${name}`);
  await page.keyboard.press('Escape');
  await message(page, 'punched').first().getByTestId('thread-summary').click();
  await page.getByTestId('thread-panel').getByText('A thread about it').waitFor();
  await check(person, `thread-${name}`);
  await checkFingers();
  await page.keyboard.press('Escape');
  await page.getByTestId('thread-panel').waitFor({ state: 'detached' });
  await composer(page).fill(':smile');
  await page.getByTestId('completions').waitFor();
  await check(person, `completions-${name}`);
  await composer(page).fill('');
  await page.getByTestId('emoji').click();
  await page.getByTestId('emoji-choice').first().waitFor();
  await check(person, `emoji-${name}`);
  await page.keyboard.press('Escape');
  const row = list(page).getByTestId('message').last();
  await pointAt(row);
  await row.getByTestId('more').click();
  await page.getByRole('menuitem').first().waitFor();
  await check(person, `menu-${name}`);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByTestId('switcher-item').first().waitFor();
  await check(person, `switcher-${name}`);
  await page.keyboard.press('Escape');
  await page.getByTestId('switcher-input').waitFor({ state: 'detached' });
  await page.keyboard.press('Control+/');
  await page.getByTestId('help').waitFor();
  await check(person, `help-${name}`);
  await page.keyboard.press('Escape');
}

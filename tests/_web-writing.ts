import assert from 'node:assert/strict';
import { test } from 'node:test';
import { composer, createGroup, list, message, openAs, openConversation, pointAt, say, soon, type World } from './_web.ts';

export function writingTests(world: () => World): void {
  test('emoji and people are chosen by keyboard, the last message is edited with the arrow, and drafts stay', async () => {
    const group = await createGroup(world(), 'Writing');
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    await composer(page).pressSequentially('Hello @gra');
    await page.getByTestId('completions').getByText('Grace Hopper').waitFor();
    await page.keyboard.press('Enter');
    await composer(page).pressSequentially(':tada');
    await page.getByTestId('completions').getByText('🎉').waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await composer(page).inputValue(), 'Hello @Grace Hopper 🎉 ');
    await page.keyboard.press('Enter');
    // What the server does not have yet cannot be edited.
    await message(page, 'Hello @Grace Hopper 🎉').locator('xpath=self::*[@data-seq]').waitFor();
    await page.keyboard.press('ArrowUp');
    await soon('it is edited', async () => (await composer(page).inputValue()) === 'Hello @Grace Hopper 🎉');
    await composer(page).press('End');
    await composer(page).pressSequentially(' and welcome');
    await page.keyboard.press('Enter');
    await message(page, 'and welcome').getByText('(edited)').waitFor();
    assert.equal(await message(page, 'Hello').count(), 1);

    await composer(page).fill('not sent yet');
    await page.keyboard.press('Alt+ArrowDown');
    await soon('another conversation is open', async () => (await composer(page).inputValue()) === '');
    await page.keyboard.press('Alt+ArrowUp');
    await soon('the draft is there', async () => (await composer(page).inputValue()) === 'not sent yet');
    await page.reload();
    await soon('the draft is there after a reload', async () => (await composer(page).inputValue()) === 'not sent yet');
  });

  test('Enter breaks the line when it is set so, and what the server refuses can be tried again or discarded', async () => {
    const group = await createGroup(world(), 'Refused');
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    await page.getByTestId('profile').click();
    await page.getByText('New line', { exact: true }).click();
    await page.keyboard.press('Escape');
    await composer(page).fill('one');
    await composer(page).press('Enter');
    await composer(page).pressSequentially('two');
    await composer(page).press('Control+Enter');
    await message(page, 'two').waitFor();
    assert.equal(await composer(page).inputValue(), '');
    await composer(page).fill('x'.repeat(9_000));
    await page.getByTestId('send').click();
    const failed = list(page).locator('[data-state="failed"]');
    await failed.waitFor();
    await failed.getByTestId('retry').click();
    await failed.waitFor();
    await failed.getByTestId('discard').click();
    await failed.waitFor({ state: 'detached' });
  });

  test('a thread is answered, a message is forwarded, and its readers are shown', async () => {
    const { grace } = world();
    const group = await createGroup(world(), 'Thread');
    const other = await createGroup(world(), 'Target');
    const question = await grace.say(group.id, 'Who brings the cake?');
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    await message(page, 'Who brings the cake?').waitFor();
    await message(page, 'Who brings the cake?').focus();
    await page.keyboard.press('t');
    await page.getByTestId('thread-composer').fill('I do');
    await page.keyboard.press('Enter');
    await page.getByTestId('thread-panel').getByText('I do').waitFor();
    await grace.say(group.id, 'Wonderful', { threadRoot: question.id });
    await page.getByTestId('thread-panel').getByText('Wonderful').waitFor();
    await message(page, 'Who brings the cake?').getByTestId('thread-summary').getByText('2 replies').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('thread-panel').waitFor({ state: 'detached' });

    await say(page, 'Forward this');
    await message(page, 'Forward this').locator('xpath=self::*[@data-seq]').waitFor();
    await pointAt(message(page, 'Forward this'));
    await message(page, 'Forward this').getByTestId('more').click();
    await page.getByRole('menuitem', { name: 'Forward' }).click();
    await page.getByTestId('switcher-input').fill(other.title);
    await page.keyboard.press('Enter');
    await message(page, 'Forward this').getByText('Forwarded').waitFor();
    // Grace cannot have read what the server does not have yet.
    await message(page, 'Forward this').locator('xpath=self::*[@data-seq]').waitFor();
    await grace.call('POST', `/v1/conversations/${other.id}/read`, { seq: await lastSeq(world(), other.id) });
    await pointAt(message(page, 'Forward this'));
    await message(page, 'Forward this').getByTestId('more').click();
    await page.getByRole('menuitem', { name: 'Seen by' }).click();
    await page.locator('[data-testid="seen-by"][data-read="true"]').getByText('Grace Hopper').waitFor();
  });

  test('the keyboard alone finds conversations, help, and the way back', async () => {
    const group = await createGroup(world(), 'Zebra');
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await page.keyboard.press('Control+k');
    await page.getByTestId('switcher-input').waitFor();
    await page.keyboard.type(`zebra ${group.title.split(' ')[1]}`);
    await page.getByTestId('switcher-item').first().waitFor();
    await page.keyboard.press('Enter');
    await soon('it is open', async () => (await page.getByTestId('conversation-title').innerText()) === group.title);
    await soon('one can write', () => composer(page).evaluate((field) => field.matches(':focus')));
    await page.keyboard.press('Control+/');
    await page.getByTestId('help').waitFor();
    await page.keyboard.press('Escape');
    await page.getByTestId('help').waitFor({ state: 'detached' });
    await soon('focus is back', () => composer(page).evaluate((field) => field.matches(':focus')));
    await say(page, 'first');
    await say(page, 'second');
    await message(page, 'second').locator('xpath=self::*[@data-seq]').waitFor();
    await list(page).focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    await soon('the message before has the focus', () => message(page, 'first').evaluate((row) => row.matches(':focus')));
    await page.keyboard.press('e');
    await soon('it is edited', async () => (await composer(page).inputValue()) === 'first');
    await page.keyboard.press('Escape');
    await soon('editing ended', async () => (await composer(page).inputValue()) === '');
    await page.getByTestId('list-resizer').focus();
    await page.keyboard.press('ArrowRight');
    await soon('the list is wider', async () => (await page.getByTestId('list-resizer').getAttribute('aria-valuenow')) === '316');
  });

  test('favourites come first, and two strangers meet, go on and part', async () => {
    const group = await createGroup(world(), 'Favourite');
    await createGroup(world(), 'Newer');
    await using ada = await openAs(world(), 'ada');
    await openConversation(ada, group.id);
    await ada.page.getByTestId('details').click();
    await ada.page.getByTestId('favourite').click();
    const first = ada.page.getByTestId('conversation-item').first();
    await soon('it is the first', async () => (await first.getAttribute('data-conversation-id')) === group.id);
    await ada.page.getByTestId('favourite').click();
    await soon('it is not any more', async () => (await first.getAttribute('data-conversation-id')) !== group.id);

    await using grace = await openAs(world(), 'grace', { viewport: { width: 375, height: 740 } });
    await ada.page.getByTestId('match').click();
    await ada.page.getByTestId('match-start').click();
    await ada.page.locator('[data-testid="match-dialog"][data-state="waiting"]').waitFor();
    await grace.page.getByTestId('match-small').click();
    await grace.page.getByTestId('match-start').click();
    for (const { page } of [ada, grace]) await page.getByTestId('matched').waitFor();
    await say(ada.page, 'Hello stranger');
    await message(grace.page, 'Hello stranger').waitFor();
    await grace.page.getByTestId('match-next').click();
    await grace.page.locator('[data-testid="match-dialog"][data-state="waiting"]').waitFor();
    await grace.page.getByTestId('match-stop').click();
    await grace.page.getByTestId('match-dialog').waitFor({ state: 'detached' });
    await ada.page.getByTestId('match-leave').click();
    await ada.page.getByTestId('matched').waitFor({ state: 'detached' });
  });
}

async function lastSeq({ ada }: World, id: string): Promise<number> {
  return (await ada.call<{ lastSeq: number }>('GET', `/v1/conversations/${id}`)).lastSeq;
}

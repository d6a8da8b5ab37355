import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSql } from '@chatcluster/tools/testing';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { inspect } from './_axe.ts';
import { openPage, type Person } from './_browser.ts';
import { composer, createGroup, message, openAs, openConversation, pointAt, soon, type World } from './_web.ts';

/** Widths, themes and languages in which every page and dialog is looked at. */
const looks = [1280, 768, 375, 320].flatMap((width) =>
  (['light', 'dark'] as const).flatMap((colorScheme) =>
    ['en-GB', 'de-DE'].map((locale) => ({ name: `${width}-${colorScheme}-${locale.slice(0, 2)}`, width, colorScheme, locale })),
  ),
);
/** Each takes most of a minute: two, with both of everything, unless LOOKS names others (LOOKS=. all). */
const asked = new RegExp(process.env.LOOKS ?? '^(1280-light-en|375-dark-de)$');
const chosen = looks.filter(({ name }) => asked.test(name));

type Step = readonly [name: string, open: (page: Page) => Promise<unknown>];

/** What is there under any of these names: wide and narrow pages have buttons of their own. */
const seen = (page: Page, ...ids: string[]) => page.locator(ids.map((id) => `[data-testid="${id}"]:visible`).join(', ')).first();
const tap = (page: Page, ...ids: string[]) => seen(page, ...ids).click();
const shown = (page: Page, ...ids: string[]) => seen(page, ...ids).waitFor();

/** Until nothing lies over the page; the keys reach a dialog only when it is there. */
const closeAll = (page: Page) =>
  soon('everything is closed', async () => {
    const over = page.locator('[role=dialog]:visible, [role=alertdialog]:visible, [role=menu]:visible, [data-testid=completions]:visible');
    if ((await over.count()) === 0) return true;
    await page.keyboard.press('Escape');
    return false;
  });

const fromList: Step[] = [
  ['new-direct', (page) => tap(page, 'new-conversation').then(() => shown(page, 'people-search'))],
  [
    'new-group',
    (page) =>
      tap(page, 'new-conversation')
        .then(() => tap(page, 'new-group'))
        .then(() => shown(page, 'group-name')),
  ],
  [
    'new-channel',
    (page) =>
      tap(page, 'new-conversation')
        .then(() => tap(page, 'new-channel'))
        .then(() => shown(page, 'channel-name')),
  ],
  ['browse', (page) => tap(page, 'browse-channels').then(() => shown(page, 'channel'))],
  ['search-empty', (page) => tap(page, 'open-search', 'open-search-small').then(() => shown(page, 'message-search'))],
  [
    'search-results',
    async (page) => {
      await tap(page, 'open-search', 'open-search-small');
      await page.getByTestId('message-search').fill('hello');
      await shown(page, 'search-result');
    },
  ],
  ['match', (page) => tap(page, 'match', 'match-small').then(() => shown(page, 'match-start'))],
  ['profile', (page) => tap(page, 'profile', 'profile-small').then(() => shown(page, 'open-account'))],
  ['delete-account', (page) => profile(page, 'delete-account').then(() => shown(page, 'confirm-delete-account'))],
  ['account', (page) => profile(page, 'open-account').then(() => shown(page, 'session'))],
  ['password', (page) => profile(page, 'open-account').then(() => tap(page, 'password-change'))],
  ['email', (page) => profile(page, 'open-account').then(() => tap(page, 'email-change'))],
  ['notifications', (page) => profile(page, 'open-notifications').then(() => shown(page, 'push-toggle'))],
  ['switcher', (page) => page.keyboard.press('Control+k').then(() => shown(page, 'switcher-item'))],
  ['help', (page) => page.keyboard.press('Control+/').then(() => shown(page, 'help'))],
];

const profile = (page: Page, id: string) => tap(page, 'profile', 'profile-small').then(() => tap(page, id));

const more = (text: string) => async (page: Page) => {
  // Answers quote what they answer to, and come after it.
  const row = message(page, text).first();
  await pointAt(row);
  await row.getByTestId('more').click();
  await page.getByRole('menuitem').first().waitFor();
};
const item = (text: string, name: RegExp) => (page: Page) => more(text)(page).then(() => page.getByRole('menuitem', { name }).click());
const details = async (page: Page, id?: string) => {
  if ((await page.getByTestId('details-panel').count()) === 0) await tap(page, 'details');
  await shown(page, 'details-panel');
  if (id) await tap(page, id);
};
const shut = (id: string) => (page: Page) => page.getByTestId(id).getByRole('button').first().click();

const inConversation: Step[] = [
  ['conversation', (page) => message(page, 'mine').first().waitFor()],
  ['menu', more('mine')],
  ['seen-by', (page) => item('mine', /seen|gesehen/i)(page).then(() => page.getByRole('dialog').waitFor())],
  ['forward', (page) => item('theirs', /forward|weiterleiten/i)(page).then(() => page.getByRole('dialog').waitFor())],
  ['report', (page) => item('theirs', /report|melden/i)(page).then(() => shown(page, 'report-reason'))],
  ['delete', (page) => item('mine', /^(delete|löschen)/i)(page).then(() => shown(page, 'confirm-delete'))],
  ['emoji', (page) => tap(page, 'emoji').then(() => shown(page, 'emoji-choice'))],
  [
    'mentions',
    (page) =>
      composer(page)
        .fill('@')
        .then(() => shown(page, 'completions')),
  ],
  [
    'details',
    (page) =>
      composer(page)
        .fill('')
        .then(() => details(page)),
  ],
  ['add-people', (page) => details(page, 'add-people').then(() => shown(page, 'people-search'))],
  [
    'invites',
    (page) =>
      details(page, 'open-invites')
        .then(() => tap(page, 'make-invite'))
        .then(() => shown(page, 'invite')),
  ],
  [
    'webhooks',
    (page) =>
      details(page, 'open-webhooks')
        .then(() => tap(page, 'make-incoming'))
        .then(() => shown(page, 'webhook')),
  ],
  [
    'remove-webhook',
    (page) =>
      details(page, 'open-webhooks')
        .then(() => tap(page, 'remove-webhook'))
        .then(() => shown(page, 'confirm-action')),
  ],
  ['leave', (page) => details(page, 'leave').then(() => shown(page, 'confirm-action'))],
  [
    'thread',
    (page) =>
      shut('details-panel')(page)
        .then(() => message(page, 'theirs').first().getByTestId('thread-summary').click())
        .then(() => page.getByTestId('thread-panel').getByText('hello from a thread').waitFor()),
  ],
  [
    'pins',
    (page) =>
      tap(page, 'close-panel')
        .then(() => tap(page, 'pins'))
        .then(() => shown(page, 'go-to-pin')),
  ],
];

const tabs = ['cluster', 'reports', 'users', 'conversations', 'bots', 'retention', 'audit'];
const inAdministration: Step[] = [
  ...tabs.map(
    (tab): Step => [
      `admin-${tab}`,
      async (page) => {
        await tap(page, `admin-${tab}`);
        await soon('it is loaded', async () => (await page.locator('[data-testid=admin] [aria-busy]').count()) === 0);
      },
    ],
  ),
  [
    'admin-suspend',
    (page) =>
      tap(page, 'admin-users')
        .then(() => tap(page, 'suspend'))
        .then(() => shown(page, 'confirm-suspend')),
  ],
];

const signedOut: Step[] = [
  ['sign-in', (page) => shown(page, 'sign-in-email')],
  [
    'sign-in-wrong',
    async (page) => {
      await page.getByTestId('sign-in-email').fill('nobody@example.com');
      await page.getByTestId('sign-in-password').fill('not the password');
      await tap(page, 'sign-in-submit');
      await page.getByRole('alert').waitFor();
    },
  ],
  ['register', (page) => tap(page, 'sign-in-switch').then(() => shown(page, 'register-name'))],
];

/** Opens one after the other, and collects what is wrong with each: one that cannot be opened must not hide what is wrong with the others. */
async function walk(person: Person, look: string, steps: readonly Step[]): Promise<string[]> {
  const found: string[] = [];
  for (const [name, open] of steps) {
    const opened = await open(person.page).then(
      () => [],
      (error: unknown) => [`${name}-${look} cannot be opened: ${String(error)}`],
    );
    found.push(...opened, ...(await inspect(person, `page-${name}-${look}`)));
    await closeAll(person.page);
  }
  return found;
}

export function pageTests(world: () => World): void {
  for (const { name, width, ...options } of chosen) {
    const context: BrowserContextOptions = { ...options, viewport: { width, height: 760 } };
    // Some forty pages: on a busy machine more than the usual five minutes.
    test(`every page and dialog is accessible and fits: ${name}`, { timeout: 900_000 }, async () => {
      const { ada, grace } = world();
      await runSql(world().cluster.databaseUrl, 'update users set admin = true where email = $1', ['ada@example.com']);
      const group = await createGroup(world(), 'Pages');
      const theirs = await grace.say(group.id, 'theirs: **bold**, `code` and https://example.com/page');
      await ada.say(group.id, 'hello from a thread', { threadRoot: theirs.id });
      await ada.call('PUT', `/v1/conversations/${group.id}/messages/${theirs.id}/pin`);
      await ada.call('PUT', `/v1/conversations/${group.id}/messages/${theirs.id}/reactions/${encodeURIComponent('🎉')}`);
      await ada.say(group.id, 'mine');
      await ada.call('POST', '/v1/admin/bots', { displayName: 'Weather' });
      const found: string[] = [];
      const stranger = await openPage(world().browser, context);
      await stranger.page.goto(world().url);
      found.push(...(await walk(stranger, name, signedOut)));
      await stranger.page.context().close();
      await using person = await openAs(world(), 'ada', context);
      found.push(...(await walk(person, name, [['list', async () => undefined], ...fromList])));
      await openConversation(person, group.id);
      found.push(...(await walk(person, name, inConversation)));
      await person.page.goto(`${world().url}/#/admin`);
      found.push(...(await walk(person, name, inAdministration)));
      assert.deepEqual(found, []);
    });
  }
  test('leaving a group asks first', async () => {
    const group = await createGroup(world(), 'Left');
    await using ada = await openAs(world(), 'ada');
    const { page } = ada;
    await openConversation(ada, group.id);
    await details(page, 'leave');
    await shown(page, 'confirm-action');
    await closeAll(page);
    assert.equal(await page.getByTestId('conversation-title').textContent(), group.title);
    await details(page, 'leave');
    await page.getByTestId('confirm-action').click();
    await page.locator(`[data-conversation-id="${group.id}"]`).waitFor({ state: 'detached' });
  });
}

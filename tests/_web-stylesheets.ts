import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { openPage, signIn } from './_browser.ts';
import { createGroup, openConversation, soon, type World } from './_web.ts';

/** Answers the first `times` requests for a stylesheet as a load balancer does that has no pod; gives how many there were. */
async function refuseStylesheets(page: Page, times: number) {
  const requests = { count: 0 };
  await page.route('**/*.css', (route) => {
    requests.count += 1;
    return requests.count > times ? route.continue() : route.fulfill({ status: 503, body: '' });
  });
  return requests;
}

export function stylesheetTests(world: () => World): void {
  test('a stylesheet that failed to load is asked for again, so that dialogs can be used', async () => {
    const person = await openPage(world().browser, { serviceWorkers: 'block' });
    const { page } = person;
    const requests = await refuseStylesheets(page, 2);
    await signIn(person, world().url, 'ada@example.com', 'chatcluster');
    await openConversation(person, (await createGroup(world(), 'Styled')).id);
    await page.getByTestId('details').click();
    await page.getByTestId('open-webhooks').click();
    await page.getByTestId('outgoing-url').fill('https://example.org/hook');
    await page.getByTestId('event-reaction').click();
    assert.equal(requests.count, 3);
    await page.context().close();
    assert.deepEqual(person.errors, []);
  });

  test('a page whose stylesheet does not come is shown without, and goes on asking', async () => {
    const { page } = await openPage(world().browser, { serviceWorkers: 'block' });
    const requests = await refuseStylesheets(page, Number.POSITIVE_INFINITY);
    await page.goto(world().url);
    await page.getByTestId('sign-in-email').waitFor();
    const { count } = requests;
    await soon('it is asked for again', () => requests.count > count);
    await page.context().close();
  });
}

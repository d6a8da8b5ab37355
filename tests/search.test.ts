import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { openBrowser, openPage, screenshot, signIn } from './_browser.ts';
import { startCluster } from './_cluster.ts';

const PASSWORD = 'chatcluster';

test('search finds, marks and leads to a message; an invite link lets a guest in; a webhook writes', async () => {
  await using cluster = await startCluster(1);
  await using browser = await openBrowser();
  const ada = await openPage(browser, { viewport: { width: 1280, height: 800 } });
  await signIn(ada, cluster.frontUrl, 'ada@example.com', PASSWORD);
  const { page } = ada;

  const made = await page.evaluate(async () => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ kind: 'group', title: 'Expedition' });
    const response = await fetch('/v1/conversations', { method: 'POST', headers, body });
    return (await response.json()) as { id: string };
  });
  await page.getByTestId('conversation-item').filter({ hasText: 'Expedition' }).first().click();
  await page.getByTestId('composer').fill('We meet at the lighthouse on Friday');
  await page.keyboard.press('Enter');
  await page.getByTestId('message').filter({ hasText: 'lighthouse' }).waitFor();

  await page.getByTestId('open-search').click();
  await page.getByTestId('message-search').fill('lighthouses');
  const hit = page.getByTestId('search-result').filter({ hasText: 'lighthouse' });
  await eventually(
    async () => {
      // The question is asked once per change: asked again until the index has followed.
      await page.getByTestId('message-search').fill('lighthouse ');
      await page.getByTestId('message-search').fill('lighthouse');
      return hit
        .first()
        .waitFor({ timeout: 5_000 })
        .then(() => true);
    },
    { deadlineMs: 60_000 },
  );
  assert.equal(await hit.first().locator('mark').first().textContent(), 'lighthouse');
  await screenshot(ada, 'search-1280-light');
  await hit.first().click();
  await page.waitForURL(new RegExp(made.id));

  // Details: a link, and an address for messages.
  await page.getByTestId('details').click();
  await page.getByTestId('open-invites').click();
  await page.getByTestId('make-invite').click();
  const link = await page.getByTestId('invite-url').first().inputValue();
  await screenshot(ada, 'invites-1280-light');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.getByTestId('open-webhooks').click();
  await page.getByTestId('make-incoming').click();
  const address = await page.getByTestId('webhook-once').inputValue();
  await screenshot(ada, 'webhooks-1280-light');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  const posted = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'The tide is low at nine' }),
  });
  assert.equal(posted.status, 201);
  await page.getByTestId('message').filter({ hasText: 'The tide is low' }).waitFor();

  const guest = await openPage(browser, { viewport: { width: 375, height: 760 }, colorScheme: 'dark' });
  await guest.page.goto(link);
  await guest.page.getByTestId('invite-hint').filter({ hasText: 'Expedition' }).waitFor();
  await screenshot(guest, 'invite-hint-375-dark');
  await guest.page.getByTestId('guest-name').fill('Gustav');
  await guest.page.getByTestId('guest-submit').click();
  await guest.page.getByTestId('accept-invite').waitFor();
  await screenshot(guest, 'invite-375-dark');
  await guest.page.getByTestId('accept-invite').click();
  await guest.page.waitForURL(new RegExp(`/#/c/${made.id}`));
  await page.getByTestId('composer').fill('Welcome aboard');
  await page.keyboard.press('Enter');
  await guest.page.getByTestId('message').filter({ hasText: 'Welcome aboard' }).waitFor();
});

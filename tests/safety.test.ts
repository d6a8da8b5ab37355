import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { eventually, runSql } from '@chatcluster/tools/testing';
import { openBrowser, openPage, type Person, screenshot, signIn } from './_browser.ts';
import { type LocalCluster, startCluster } from './_cluster.ts';
import { pointAt } from './_web.ts';

const PASSWORD = 'chatcluster';

async function open(browser: Browser, cluster: LocalCluster, name: string, options = {}): Promise<Person> {
  const person = await openPage(browser, options);
  await signIn(person, cluster.frontUrl, `${name}@example.com`, PASSWORD);
  return person;
}

const choose = (page: Page, title: string) => page.getByTestId('conversation-item').filter({ hasText: title }).first().click();

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId('composer').fill(text);
  await page.keyboard.press('Enter');
}

test('a reported and blocked person disappears, and an administrator acts on the report', async () => {
  await using cluster = await startCluster(1);
  await using browser = await openBrowser();
  await runSql(cluster.databaseUrl, 'update users set admin = true where email = $1', ['ada@example.com']);
  const grace = await open(browser, cluster, 'grace');
  const ada = await open(browser, cluster, 'ada', { viewport: { width: 375, height: 760 }, colorScheme: 'dark' });

  await choose(ada.page, 'Grace Hopper');
  await say(ada.page, 'Buy my coins now');
  await choose(grace.page, 'Ada Lovelace');
  const bad = grace.page.getByTestId('message').filter({ hasText: 'Buy my coins' });
  await pointAt(bad);
  await bad.getByTestId('more').click();
  await grace.page.getByText('Report message').click();
  await grace.page.getByTestId('report-reason').fill('Advertising');
  await grace.page.getByText('Block this person too').click();
  await screenshot(grace, 'report-1280-light');
  await grace.page.getByTestId('report-send').click();
  await grace.page.getByText('The administrators will look at it').waitFor();
  await grace.page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await grace.page.getByTestId('blocked-composer').waitFor();
  await grace.page.getByTestId('blocked-message').last().waitFor();
  await screenshot(grace, 'blocked-1280-light');
  await say(ada.page, 'Still there?');
  await ada.page.getByTestId('message').filter({ hasText: 'Still there?' }).locator('xpath=self::*[@data-state="failed"]').waitFor();

  await ada.page.goto(`${cluster.frontUrl}/#/admin`);
  await ada.page.reload();
  await ada.page.getByTestId('pods').waitFor();
  await screenshot(ada, 'admin-cluster-375-dark');
  await ada.page.getByTestId('admin-reports').click();
  await ada.page.getByText('Advertising').waitFor();
  await screenshot(ada, 'admin-reports-375-dark');
  await ada.page.getByTestId('remove-message').click();
  await eventually(async () => (await grace.page.getByText('Buy my coins').count()) === 0, { deadlineMs: 20_000 });
  await ada.page.getByTestId('admin-users').click();
  const list = ada.page.getByTestId('admin-user-list');
  await ada.page.getByTestId('admin-user-filter').fill('grace@');
  await eventually(async () => (await list.locator('li').count()) === 1, { deadlineMs: 20_000 });
  await screenshot(ada, 'admin-users-375-dark');
  await list.getByTestId('suspend').click();
  await ada.page.getByTestId('confirm-suspend').click();
  await list.getByText('Suspended').waitFor();
  await grace.page.getByTestId('sign-in-email').waitFor({ timeout: 20_000 });
  await ada.page.getByTestId('admin-audit').click();
  await ada.page.getByText('user.suspended').waitFor();
  await screenshot(ada, 'admin-audit-375-dark');
  assert.deepEqual([...ada.errors, ...grace.errors], []);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { openBrowser, openPage, screenshot, signIn } from './_browser.ts';
import { startCluster } from './_cluster.ts';

const TOKEN = 'c3'.repeat(24);
const PASSWORD = 'chatcluster';

test('the link of whoever runs the installation makes the first administrator, and nobody else', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chat-admin-link-'));
  const file = join(dir, 'token');
  writeFileSync(file, TOKEN);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(dir, { recursive: true }));
  const cluster = stack.use(await startCluster(1, { ADMIN_LINK_FILE: file }));
  const browser = stack.use(await openBrowser());
  const link = `${cluster.frontUrl}/#/admin-link?token=${TOKEN}`;

  const ada = await openPage(browser, {});
  ada.page.setDefaultTimeout(30_000);
  await ada.page.goto(link);
  await ada.page.getByTestId('admin-link-hint').waitFor();
  await eventually(() => !ada.page.url().includes(TOKEN), { deadlineMs: 30_000 });
  await ada.page.getByTestId('sign-in-email').fill('ada@example.com');
  await ada.page.getByTestId('sign-in-password').fill(PASSWORD);
  await ada.page.getByTestId('sign-in-submit').click();
  await ada.page.getByTestId('admin-link-dialog').waitFor();
  await screenshot(ada, 'admin-link-1280-light');
  await ada.page.getByTestId('use-admin-link').click();
  await ada.page.getByTestId('pods').waitFor();
  await ada.page.reload();
  await ada.page.getByTestId('pods').waitFor();
  assert.equal(await ada.page.getByTestId('admin-link-dialog').count(), 0);

  const grace = await openPage(browser, { viewport: { width: 375, height: 760 }, colorScheme: 'dark' });
  grace.page.setDefaultTimeout(30_000);
  await signIn(grace, cluster.frontUrl, 'grace@example.com', PASSWORD);
  await grace.page.evaluate(`location.hash = '#/admin-link?token=${TOKEN}'`);
  await grace.page.getByTestId('use-admin-link').click();
  await grace.page.getByTestId('admin-link-failure').waitFor();
  await screenshot(grace, 'admin-link-used-375-dark');
  assert.deepEqual([...ada.errors, ...grace.errors], []);
});

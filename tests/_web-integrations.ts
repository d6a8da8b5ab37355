import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { BrowserContextOptions } from 'playwright-core';
import { runSql } from '@chatcluster/tools/testing';
import { check } from './_axe.ts';
import { createGroup, openAs, openConversation, soon, type World } from './_web.ts';

/** Takes deliveries; answers with `status` until that is changed. */
async function startReceiver() {
  const taken: { type: string }[] = [];
  const receiver = { url: '', taken, status: 200, [Symbol.asyncDispose]: async () => void server.close() };
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      taken.push(JSON.parse(Buffer.concat(chunks).toString('utf8')) as { type: string });
      res.writeHead(receiver.status).end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  return receiver;
}

const answers = async (world: World, token: string) =>
  (await fetch(`${world.url}/v1/users/me`, { headers: { authorization: `Bearer ${token}` } })).status;

/** Ada, who is an administrator, at one of the pages for them. */
export async function openAdmin(world: World, tab: string, options: BrowserContextOptions = {}) {
  await runSql(world.cluster.databaseUrl, 'update users set admin = true where email = $1', ['ada@example.com']);
  const ada = await openAs(world, 'ada', options);
  await ada.page.goto(`${world.url}/#/admin`);
  await ada.page.getByTestId(`admin-${tab}`).click();
  return ada;
}

export function integrationTests(world: () => World): void {
  test('an administrator makes a bot, gives it another token, suspends and removes it', async () => {
    await using ada = await openAdmin(world(), 'bots');
    const { page } = ada;
    const shown = page.getByTestId('bot-token');
    const row = page.getByTestId('admin-bot-list').locator('li').filter({ hasText: 'Weather' });
    const confirm = page.getByTestId('confirm-action');
    /** The token that is shown when it is another one. */
    const next = (before?: string) =>
      soon('another token is shown', async () => {
        const value = (await shown.count()) ? await shown.inputValue() : undefined;
        return value === before ? undefined : value;
      });
    await page.getByTestId('bot-name').fill('Weather');
    await check(ada, 'admin-bots-empty-1280-light');
    await page.getByTestId('make-bot').click();
    const first = await next();
    assert.equal(await answers(world(), first), 200);
    await row.waitFor();
    await check(ada, 'admin-bots-1280-light');
    await row.getByTestId('renew-bot').click();
    await confirm.waitFor();
    await check(ada, 'admin-bots-confirm-1280-light');
    await confirm.click();
    const second = await next(first);
    assert.deepEqual([await answers(world(), first), await answers(world(), second)], [401, 200]);
    await row.getByTestId('suspend-bot').click();
    await confirm.click();
    await row.getByText('Suspended').waitFor();
    assert.equal(await answers(world(), second), 401);
    await row.getByTestId('lift-bot').click();
    const third = await next(second);
    assert.equal(await answers(world(), third), 200);
    // Another visit shows the bot, and no token.
    await page.reload();
    await page.getByTestId('admin-bots').click();
    await row.waitFor();
    assert.equal(await shown.count(), 0);
    await row.getByTestId('remove-bot').click();
    await confirm.click();
    await row.waitFor({ state: 'detached' });
    assert.equal(await answers(world(), third), 401);
  });

  test('an outgoing webhook tells what was chosen, and what was given up is sent again', async () => {
    await using receiver = await startReceiver();
    await using ada = await openAs(world(), 'ada');
    const { page } = ada;
    const group = await createGroup(world(), 'Told');
    await openConversation(ada, group.id);
    await page.getByTestId('details').click();
    await page.getByTestId('open-webhooks').click();
    await page.getByTestId('outgoing-url').fill(receiver.url);
    await page.getByTestId('event-reaction').click();
    await page.getByTestId('event-message').click();
    await check(ada, 'webhooks-new-1280-light');
    await page.getByTestId('make-outgoing').click();
    await page.getByTestId('webhook').getByText('Reactions').waitFor();
    receiver.status = 410;
    const said = await world().grace.say(group.id, 'Not told');
    const react = (emoji: string) =>
      world().ada.call('PUT', `/v1/conversations/${group.id}/messages/${said.id}/reactions/${encodeURIComponent(emoji)}`);
    await react('🎉');
    await soon('it is refused', () => receiver.taken.length === 1);
    assert.deepEqual(
      receiver.taken.map(({ type }) => type),
      ['reaction'],
    );
    // 410 switches the webhook off; the refused delivery is kept.
    await soon('the delivery is listed', async () => {
      await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
      await page.getByTestId('open-webhooks').click();
      await page.getByTestId('webhook').waitFor();
      return (await page.getByTestId('delivery').count()) === 1 && (await page.getByText('Switched off').count()) === 1;
    });
    await check(ada, 'webhooks-given-up-1280-light');
    assert.equal(await page.getByTestId('retry-delivery').count(), 0, 'a webhook that is off would drop it');
    receiver.status = 200;
    await page.getByRole('button', { name: 'Switch on' }).click();
    await page.getByTestId('retry-delivery').click();
    await soon('it is sent again', () => receiver.taken.length === 2);
    await page.getByText('Everything was delivered.').waitFor();
    assert.deepEqual(receiver.taken[1], receiver.taken[0]);
  });
}

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { composer, createGroup, list, message, openAs, openConversation, say, soon, type World } from './_web.ts';

export function upgradeTests(world: () => World): void {
  test('the app opens without a network and can be installed', async () => {
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await page.evaluate('navigator.serviceWorker.ready.then(() => undefined)');
    await soon('the service worker has the page', () => page.evaluate('navigator.serviceWorker.controller !== null'));
    const manifest = (await (await fetch(`${world().url}/manifest.webmanifest`)).json()) as { icons: { src: string; type: string }[] };
    for (const { src, type } of manifest.icons) {
      const icon = await fetch(world().url + src);
      assert.equal(icon.status, 200, src);
      assert.ok(icon.headers.get('content-type')?.startsWith(type), src);
    }
    await page.context().setOffline(true);
    await page.reload();
    await page.locator('#root > *').first().waitFor();
    assert.equal(await page.title().then((title) => title.includes('Chat Cluster')), true);
    await page.context().setOffline(false);
  });

  test('while the server is away one banner counts down, and what was written is sent once when it is back', async () => {
    const { cluster } = world();
    const group = await createGroup(world(), 'Outage');
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    const [pod] = cluster.pods();
    assert.ok(pod);
    process.kill(pod.pid, 'SIGKILL');
    const banner = page.getByTestId('banner');
    await banner.waitFor();
    await say(page, 'written without a server');
    await list(page).locator('[data-state="queued"], [data-state="sending"]').waitFor();
    await soon('it counts down', async () => /\d+ s/.test(await banner.innerText()));
    assert.equal(await banner.count(), 1);
    await cluster.restart(pod);
    await soon('the banner goes, by itself or by the button', async () => {
      if ((await banner.count()) === 0) return true;
      await banner
        .getByRole('button')
        .click({ timeout: 500 })
        .catch(() => undefined); // It may go in this moment.
      return false;
    });
    await list(page).locator('[data-state="sent"], [data-state="delivered"], [data-state="read"]').waitFor();
    assert.equal(await message(page, 'written without a server').count(), 1);
  });

  test('a new version is offered when nothing is being written', async () => {
    const { cluster, webRoot } = world();
    const group = await createGroup(world(), 'Upgrade');
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    await openConversation(person, group.id);
    await composer(page).fill('half a sentence');
    writeFileSync(join(webRoot, 'build.json'), JSON.stringify({ build: 'newer' }));
    const asked = page.waitForResponse((response) => response.url().endsWith('/build.json'), { timeout: 60_000 });
    const [pod] = cluster.pods();
    assert.ok(pod);
    process.kill(pod.pid, 'SIGKILL');
    await cluster.restart(pod);
    await asked;
    assert.equal(await page.getByTestId('update').count(), 0);
    await composer(page).fill('');
    await page.getByTestId('update').waitFor();
    const reloaded = page.waitForEvent('load');
    await page.getByTestId('update').getByRole('button').click();
    await reloaded;
    await page.getByTestId('conversation-item').first().waitFor();
  });
}

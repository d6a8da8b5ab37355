import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import type { Locator } from 'playwright-core';
import { openBrowser, openPage, type Person, screenshot, signIn } from './_browser.ts';
import { type LocalCluster, startCluster } from './_cluster.ts';

const DEMO_PASSWORD = 'chatcluster';

/** The load balancer spreads sockets evenly; a page that landed beside the other one comes again. */
async function onAnotherPod(person: Person, other: Person): Promise<void> {
  await eventually(
    async () => {
      // The list may come from the copy on the device, before there is a socket.
      const own = await eventually(() => person.podId(), { deadlineMs: 30_000 });
      if (own !== (await eventually(() => other.podId(), { deadlineMs: 30_000 }))) return true;
      await person.page.reload();
      await person.page.getByTestId('conversation-item').first().waitFor();
      return false;
    },
    { deadlineMs: 90_000, message: 'both pages stayed on one pod' },
  );
}

async function openSame(people: Person[], conversationId: string): Promise<void> {
  for (const { page } of people) {
    await page.locator(`[data-testid="conversation-item"][data-conversation-id="${conversationId}"]`).click();
    await page.getByTestId('composer').waitFor();
  }
}

async function say({ page }: Person, text: string): Promise<void> {
  await page.getByTestId('composer').fill(text);
  await page.keyboard.press('Enter');
}

const withText = ({ page }: Person, text: string): Locator => page.getByTestId('message').filter({ hasText: text });

async function bodies({ page }: Person, prefix: string): Promise<string[]> {
  const texts = await page.getByTestId('message').allInnerTexts();
  return texts.flatMap((text) => text.match(new RegExp(`${prefix} \\d+`, 'g')) ?? []);
}

async function killPodOf(cluster: LocalCluster, person: Person): Promise<{ id: string; restart: string; pid: number; url: string }> {
  const pod = cluster.pods().find((each) => each.id === person.podId());
  assert.ok(pod, 'the page is on a pod of this cluster');
  process.kill(pod.pid, 'SIGKILL');
  return pod;
}

test('two people on two pods chat, and the death of the receiving pod loses and doubles nothing', async () => {
  await using cluster = await startCluster(3);
  await using browser = await openBrowser();
  const ada = await openPage(browser, { colorScheme: 'light' });
  const grace = await openPage(browser, { viewport: { width: 375, height: 760 }, colorScheme: 'dark' });
  await signIn(ada, cluster.frontUrl, 'ada@example.com', DEMO_PASSWORD);
  await signIn(grace, cluster.frontUrl, 'grace@example.com', DEMO_PASSWORD);
  await screenshot(grace, 'two-pods-list-375-dark');
  await onAnotherPod(grace, ada);
  const direct = await ada.page
    .getByTestId('conversation-item')
    .filter({ hasText: 'Grace Hopper' })
    .first()
    .getAttribute('data-conversation-id');
  await openSame([ada, grace], direct!);

  await say(ada, 'The new cards are punched. Shall we run them tonight?');
  await withText(grace, 'Shall we run them tonight').waitFor();
  await say(grace, 'Yes! I will be there at seven.');
  await withText(ada, 'I will be there at seven').waitFor();
  await screenshot(ada, 'two-pods-1280-light');
  await screenshot(grace, 'two-pods-375-dark');

  const victim = await killPodOf(cluster, grace);
  for (let i = 1; i <= 20; i += 1) await say(ada, `during ${i}`);
  await withText(grace, 'during 20').waitFor({ timeout: 60_000 });
  const expected = Array.from({ length: 20 }, (_, i) => `during ${i + 1}`);
  await eventually(async () => (await bodies(ada, 'during')).length === 20, { message: 'the sender shows all of its messages' });
  await eventually(async () => (await bodies(grace, 'during')).length === 20, { message: 'the receiver shows all of them' });
  assert.deepEqual(await bodies(ada, 'during'), expected);
  assert.deepEqual(await bodies(grace, 'during'), expected);
  assert.notEqual(grace.podId(), victim.id);

  await cluster.restart(victim);
  await say(grace, 'after 1');
  await withText(ada, 'after 1').waitFor();
  assert.deepEqual([...ada.errors, ...grace.errors], []);
});

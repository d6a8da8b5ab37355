import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import type { BrowserContext, Page } from 'playwright-core';
import { createBot } from './_bot.ts';
import { openBrowser, openPage, screenshot, signIn } from './_browser.ts';
import { startCluster } from './_cluster.ts';

/** Hands a push to the service worker, as the browser does when its push service brings one. */
async function createDelivery(context: BrowserContext, page: Page): Promise<(push: object) => Promise<void>> {
  const session = await context.newCDPSession(page);
  let registrationId = '';
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    registrationId = registrations.at(-1)?.registrationId ?? registrationId;
  });
  await session.send('ServiceWorker.enable');
  await page.evaluate('navigator.serviceWorker.ready.then(() => true)');
  await eventually(() => registrationId !== '', { deadlineMs: 30_000, message: 'no service worker' });
  const origin = new URL(page.url()).origin;
  return async (push) =>
    void (await session.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data: JSON.stringify(push) }));
}

/**
 * Waits for the next notification on the screen. Asking for those that are shown in a loop would be in its way: what is asked
 * between the writing and the showing of one makes Chromium forget it (144 of 150).
 */
async function watchNotifications(context: BrowserContext, page: Page): Promise<() => Promise<void>> {
  const session = await context.newCDPSession(page);
  let shownCount = 0;
  let seenCount = 0;
  session.on('BackgroundService.backgroundServiceEventReceived', ({ backgroundServiceEvent: { eventName } }) => {
    if (eventName === 'Notification displayed') shownCount += 1;
  });
  await session.send('BackgroundService.setRecording', { shouldRecord: true, service: 'notifications' });
  await session.send('BackgroundService.startObserving', { service: 'notifications' });
  return async () => {
    seenCount += 1;
    await eventually(() => shownCount >= seenCount, { deadlineMs: 20_000, message: 'no notification was shown' });
  };
}

interface Shown {
  title: string;
  body: string;
  tag: string;
}

const shown = (page: Page) =>
  page.evaluate<Shown[]>(`navigator.serviceWorker.ready
    .then((registration) => registration.getNotifications())
    .then((all) => all.map(({ title, body, tag }) => ({ title, body, tag })))`);

/** What the system does when a notification is clicked. */
async function click(context: BrowserContext): Promise<void> {
  const worker = await eventually(() => context.serviceWorkers()[0], { deadlineMs: 30_000, message: 'the service worker runs' });
  await worker.evaluate(async () => {
    const scope = globalThis as unknown as ServiceWorkerScope;
    const [notification] = await scope.registration.getNotifications();
    scope.dispatchEvent(new scope.NotificationEvent('notificationclick', { notification }));
  });
}

interface ServiceWorkerScope {
  registration: { getNotifications(): Promise<unknown[]> };
  NotificationEvent: new (type: string, init: { notification: unknown }) => Event;
  dispatchEvent(event: Event): boolean;
}

test('a push becomes one notification per conversation, leads to it, and goes when it is read', async () => {
  await using cluster = await startCluster(1);
  await using browser = await openBrowser();
  const grace = await openPage(browser, { viewport: { width: 375, height: 760 }, colorScheme: 'dark' });
  const { page } = grace;
  const context = page.context();
  await context.grantPermissions(['notifications'], { origin: cluster.frontUrl });
  await signIn(grace, cluster.frontUrl, 'grace@example.com', 'chatcluster');
  const item = page.getByTestId('conversation-item').filter({ hasText: 'Ada Lovelace' }).first();
  const conversationId = (await item.getAttribute('data-conversation-id'))!;
  const deliver = await createDelivery(context, page);
  const nextNotification = await watchNotifications(context, page);
  const push = { type: 'message', conversationId, seq: 9, kind: 'direct', unread: 1, mentioned: false, actorName: 'Ada Lovelace' };

  await deliver({ ...push, body: 'Are you there?' });
  await nextNotification();
  assert.equal((await shown(page)).length, 1);
  await deliver({ ...push, body: 'Hello?', unread: 2 });
  await nextNotification();
  assert.deepEqual(await shown(page), [{ title: 'Ada Lovelace', body: 'Hello?\n2 new messages', tag: conversationId }]);

  await click(context);
  await page.getByTestId('composer').waitFor();
  assert.ok(page.url().endsWith(`#/c/${conversationId}`));
  await eventually(async () => (await shown(page)).length === 0, { deadlineMs: 20_000 });

  // What one is looking at is not told a second time.
  await page.bringToFront();
  await deliver({ ...push, body: 'Read as it comes' });
  await deliver({ ...push, conversationId: '00000000-0000-7000-8000-000000000000', body: 'From elsewhere' });
  await nextNotification();
  assert.deepEqual(
    (await shown(page)).map(({ body }) => body),
    ['From elsewhere'],
  );

  // What was read goes, and nothing else.
  const [ada, { userId }] = [await createBot(cluster.frontUrl, 'ada@example.com'), await createBot(cluster.frontUrl, 'grace@example.com')];
  const { id } = await ada.call<{ id: string }>('POST', '/v1/conversations', { kind: 'group', title: 'Moths', memberIds: [userId] });
  await ada.say(id, 'Another one in relay 70');
  await deliver({ ...push, conversationId: id, kind: 'group', title: 'Moths', body: 'Another one in relay 70' });
  await nextNotification();
  assert.equal((await shown(page)).length, 2);
  await page.evaluate(`location.hash = '#/c/${id}'`);
  await eventually(async () => (await shown(page)).length === 1, { deadlineMs: 20_000, message: 'it stays though it was read' });
  assert.equal((await shown(page))[0]?.body, 'From elsewhere');
  assert.deepEqual(grace.errors, []);
});

test('the settings keep quiet hours and a pause, and offer push only on a click', async () => {
  await using cluster = await startCluster(1);
  await using browser = await openBrowser();
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [375, 'dark'],
  ] as const) {
    const ada = await openPage(browser, { viewport: { width, height: 760 }, colorScheme });
    const { page } = ada;
    await signIn(ada, cluster.frontUrl, 'ada@example.com', 'chatcluster');
    await page.locator('[data-testid="profile"], [data-testid="profile-small"]').locator('visible=true').first().click();
    await page.getByTestId('open-notifications').click();
    const dialog = page.getByTestId('notification-settings');
    const quiet = dialog.getByLabel('Quiet hours');
    await quiet.waitFor();
    if (!(await quiet.isChecked())) await quiet.click();
    await dialog.getByLabel('From').fill('21:30');
    await eventually(async () => (await dialog.getByLabel('From').inputValue()) === '21:30', { deadlineMs: 20_000 });
    await dialog.getByTestId('pause-hour').or(dialog.getByText('End now')).click();
    await screenshot(ada, `notifications-${width}-${colorScheme}`);
    assert.equal(await page.evaluate('Notification.permission'), 'default');
    assert.deepEqual(ada.errors, []);
  }
});

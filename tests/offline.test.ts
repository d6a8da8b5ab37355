import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createClient, type ChatClient } from '@chatcluster/client';
import { buildWeb } from '@chatcluster/tools/local/web';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startTestServer, type TestServer } from '../client/tests/server.ts';
import { openBrowser, signIn } from './_browser.ts';
import { folders, holds, hideStorage, keptKeys, shellControls, spoil } from './_page-scripts.ts';

const PASSWORD = 'correct horse battery';
const patient = { timeout: 30_000 };

let stack: AsyncDisposableStack;
let server: TestServer;
let browser: Browser;

before(async () => {
  stack = new AsyncDisposableStack();
  buildWeb();
  const database = stack.use(await createDatabase());
  server = stack.use(await startTestServer(database.url, { WEB_ROOT: join(import.meta.dirname, '../web/dist') }));
  browser = stack.use(await openBrowser());
});
after(() => stack.disposeAsync());

interface Scene extends AsyncDisposable {
  /** The other person, in this process. */
  bob: ChatClient;
  conversationId: string;
  context: BrowserContext;
  /** Ada, signed in, with the conversation open. */
  page: Page;
  adaId: string;
}

/** Bob has written `hello 1` to `hello 3` to Ada, who reads them in a browser. */
async function setScene(prepare: (context: BrowserContext) => Promise<void> = async () => {}): Promise<Scene> {
  await using scene = new AsyncDisposableStack();
  const email = `ada-${crypto.randomUUID()}@example.org`;
  await using ada = createClient({ url: server.url });
  await ada.register({ email, password: PASSWORD, displayName: 'Ada' });
  const adaId = ada.me()?.id ?? '';
  const bob = scene.use(createClient({ url: server.url }));
  await bob.register({ email: `bob-${crypto.randomUUID()}@example.org`, password: PASSWORD, displayName: 'Bob' });
  bob.start();
  await eventually(() => bob.connection().state === 'live', { deadlineMs: 30_000 });
  const { id } = await bob.createGroup({ title: 'Trains', memberIds: [adaId] });
  await bob.open(id);
  for (const i of [1, 2, 3]) bob.send(id, `hello ${i}`);
  // All stored before Ada comes: the list shows her the newest one only, so the others are in her copy once the history is.
  await eventually(() => bodiesOf(bob, id).length === 3, { deadlineMs: 30_000 });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  scene.defer(() => context.close());
  await prepare(context);
  const page = await context.newPage();
  await signIn({ page, podId: () => undefined, errors: [] }, server.url, email, PASSWORD);
  await page.getByTestId('conversation-item').first().click();
  await withText(page, 'hello 3').waitFor(patient);
  const owned = scene.move();
  return { bob, conversationId: id, context, page, adaId, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const withText = (page: Page, text: string) => page.getByTestId('message').filter({ hasText: text });

async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId('composer').fill(text);
  await page.keyboard.press('Enter');
  await withText(page, text).waitFor(patient);
}

/** The worker that serves the app without a network has everything. */
async function shellIsReady(page: Page): Promise<void> {
  await eventually(() => page.evaluate<boolean>(shellControls), { deadlineMs: 30_000 });
}

/** The stored copy has the message: it is written a moment after the page shows it. */
async function copyHas({ page, adaId }: Pick<Scene, 'page' | 'adaId'>, text: string): Promise<void> {
  await eventually(() => page.evaluate<boolean>(holds(`.chat-${adaId}`, text)), { deadlineMs: 30_000, message: `no copy of "${text}"` });
}

async function reloadOffline(page: Page): Promise<void> {
  await page.context().setOffline(true);
  await page.reload();
  await withText(page, 'hello 3').waitFor(patient);
}

const bodiesOf = (client: ChatClient, id: string) => client.conversation(id).messages.map(({ body }) => body);

test('the app opens without a network, shows history, and what is written there survives reloads and arrives once', async () => {
  await using scene = await setScene();
  const { bob, conversationId, context, page } = scene;
  await shellIsReady(page);
  await copyHas(scene, 'hello 1');
  await reloadOffline(page);
  await page.getByTestId('note').filter({ hasText: 'Bob named this group “Trains”' }).waitFor(patient);
  await say(page, 'from the tunnel');
  await page.reload();
  await withText(page, 'from the tunnel').waitFor(patient);
  assert.equal(await withText(page, 'hello').count(), 3);
  bob.send(conversationId, 'meanwhile');
  await context.setOffline(false);
  await withText(page, 'meanwhile').waitFor(patient);
  await eventually(() => bodiesOf(bob, conversationId).includes('from the tunnel'), { deadlineMs: 30_000 });
  await say(page, 'out again');
  await eventually(() => bodiesOf(bob, conversationId).includes('out again'), { deadlineMs: 30_000 });
  assert.equal(bodiesOf(bob, conversationId).filter((body) => body === 'from the tunnel').length, 1);
  assert.equal(await withText(page, 'from the tunnel').count(), 1);
});

test('two tabs share one copy; when the one that owns it is closed, the other goes on and sends what it left', async () => {
  await using scene = await setScene();
  const { bob, conversationId, context, page: first } = scene;
  await shellIsReady(first);
  const second = await context.newPage();
  await second.goto(first.url());
  await withText(second, 'hello 3').waitFor(patient);
  await copyHas(scene, 'hello 1');
  await reloadOffline(first);
  await say(first, 'left behind');
  await first.close();
  await second.reload();
  await withText(second, 'left behind').waitFor(patient);
  assert.equal(await withText(second, 'hello').count(), 3);
  await say(second, 'by the other');
  await context.setOffline(false);
  await eventually(() => bodiesOf(bob, conversationId).includes('by the other'), { deadlineMs: 30_000 });
  assert.deepEqual(bodiesOf(bob, conversationId).slice(3), ['left behind', 'by the other']);
});

/** Runs on a page of the same origin without the app, so that nobody holds the files. */
async function onBarePage<T>(context: BrowserContext, work: (page: Page) => Promise<T>): Promise<T> {
  const page = await context.newPage();
  await page.goto(`${server.url}/icon.svg`);
  try {
    return await work(page);
  } finally {
    await page.close();
  }
}

test('a broken copy is made anew and filled again', async () => {
  await using scene = await setScene();
  const { context, page, adaId } = scene;
  await shellIsReady(page);
  await copyHas(scene, 'hello 1');
  const address = page.url();
  await page.close();
  await onBarePage(context, async (bare) => {
    const count = await eventually(() => bare.evaluate<number>(spoil(`.chat-${adaId}`)), { deadlineMs: 20_000 });
    assert.ok(count > 0, 'there are files to spoil');
  });
  const again = await context.newPage();
  await again.goto(address);
  await withText(again, 'hello 3').waitFor(patient);
  await copyHas({ page: again, adaId }, 'hello 1');
  await reloadOffline(again);
});

test('signing out deletes the copy', async () => {
  await using scene = await setScene();
  const { context, page, adaId } = scene;
  await eventually(() => page.evaluate<string[]>(folders).then((names) => names.includes(`.chat-${adaId}`)), { deadlineMs: 20_000 });
  await page.getByTestId('profile').click();
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-in-email').waitFor(patient);
  await onBarePage(context, async (bare) => {
    await eventually(async () => !(await bare.evaluate<string[]>(folders)).includes(`.chat-${adaId}`), { deadlineMs: 20_000 });
    await eventually(async () => (await bare.evaluate<string[]>(keptKeys)).length === 0, { deadlineMs: 20_000 });
  });
});

test('who signed out without a network is signed out when it is back', async () => {
  await using scene = await setScene();
  const { context, page } = scene;
  await page.evaluate('navigator.serviceWorker.ready');
  await context.setOffline(true);
  await page.getByTestId('profile').click();
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-in-email').waitFor(patient);
  await context.setOffline(false);
  const left = page.waitForResponse((response) => response.url().endsWith('/v1/auth/logout') && response.ok(), patient);
  await page.reload();
  await left;
  await page.getByTestId('sign-in-email').waitFor(patient);
  await page.reload();
  await page.getByTestId('sign-in-email').waitFor(patient);
});

test('without such storage, as in a private window, the app works as ever', async () => {
  await using scene = await setScene(async (context) => void (await context.addInitScript({ content: hideStorage })));
  const { bob, conversationId, page } = scene;
  await say(page, 'from a private window');
  await eventually(() => bodiesOf(bob, conversationId).includes('from a private window'), { deadlineMs: 30_000 });
  assert.equal(await withText(page, 'from a private window').count(), 1);
});

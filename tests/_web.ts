import assert from 'node:assert/strict';
import { eventually } from '@chatcluster/tools/testing';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { type Bot, createBot } from './_bot.ts';
import { openPage, type Person, signIn } from './_browser.ts';
import type { LocalCluster } from './_cluster.ts';

/** What the tests of the web app share: one cluster, one browser, and Ada and Grace to write without one. */
export interface World {
  url: string;
  cluster: LocalCluster;
  /** The built web app that the cluster serves: a copy, so that a test can put a newer one there. */
  webRoot: string;
  browser: Browser;
  ada: Bot & { token: string };
  grace: Bot & { token: string };
}

const PASSWORD = 'chatcluster';
let number = 0;

export async function createWorld(cluster: LocalCluster, browser: Browser, webRoot: string): Promise<World> {
  const url = cluster.frontUrl;
  const [ada, grace] = await Promise.all([createBot(url, 'ada@example.com'), createBot(url, 'grace@example.com')]);
  return { url, cluster, browser, webRoot, ada, grace };
}

/** A page of a demo user; it is closed, and must not have thrown, when the test ends. */
export async function openAs(world: World, name: 'ada' | 'grace', options: BrowserContextOptions = {}) {
  const person = await openPage(world.browser, options);
  await signIn(person, world.url, `${name}@example.com`, PASSWORD);
  return Object.assign(person, {
    [Symbol.asyncDispose]: async () => {
      await person.page.context().close();
      assert.deepEqual(person.errors, []);
    },
  });
}

/** A group of Ada and Grace with a name of its own, so that no test meets another one's messages. */
export async function createGroup(world: World, title: string): Promise<{ id: string; title: string }> {
  number += 1;
  const name = `${title} ${process.pid}-${number}`;
  const { id } = await world.ada.call<{ id: string }>('POST', '/v1/conversations', {
    kind: 'group',
    title: name,
    memberIds: [world.grace.userId],
    history: 'all',
  });
  return { id, title: name };
}

export async function openConversation({ page }: Person, id: string): Promise<void> {
  await page.locator(`[data-testid="conversation-item"][data-conversation-id="${id}"]`).click();
  await page.getByTestId('message-list').waitFor();
}

export const composer = (page: Page): Locator => page.getByTestId('composer');
export const list = (page: Page): Locator => page.getByTestId('message-list');
export const message = (page: Page, text: string): Locator => list(page).getByTestId('message').filter({ hasText: text });

export async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** Waits as long as a slow machine may need. */
export function soon<T>(message: string, condition: () => T | Promise<T>) {
  return eventually(condition, { deadlineMs: 30_000, message });
}

/** How far below the top of the list a row is, as a part of the list's height; undefined: not in the page. */
export function placeOf(page: Page, selector: string): Promise<number | undefined> {
  return list(page).evaluate((box, wanted) => {
    const row = box.querySelector(wanted);
    if (!row) return undefined;
    const frame = box.getBoundingClientRect();
    return (row.getBoundingClientRect().top - frame.top) / frame.height;
  }, selector);
}

/** The first whole message in sight, and where it is. */
export function topMessage(page: Page): Promise<{ seq: number; top: number }> {
  return list(page).evaluate((box) => {
    const frame = box.getBoundingClientRect();
    const rows = [...box.querySelectorAll('[data-seq]')];
    const row = rows.find((one) => one.getBoundingClientRect().top >= frame.top);
    return { seq: Number(row?.getAttribute('data-seq')), top: row?.getBoundingClientRect().top ?? Number.NaN };
  });
}

/** Pixels from the top of the page to a message that is rendered. */
export function topOf(page: Page, seq: number): Promise<number> {
  return list(page).evaluate((box, wanted) => box.querySelector(`[data-seq="${wanted}"]`)?.getBoundingClientRect().top ?? Number.NaN, seq);
}

/** Until the actions of a message are there: a row that was still moving loses the pointer again. */
export async function pointAt(row: Locator): Promise<void> {
  await soon('the message shows what can be done with it', async () => {
    await row.hover();
    return (await row.getByTestId('more').count()) === 1;
  });
}

/** Until the page has drawn what it has. */
export async function twoFrames(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

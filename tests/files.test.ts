import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Browser, Locator, Page } from 'playwright-core';
import { eventually } from '@chatcluster/tools/testing';
import { openBrowser, openPage, type Person, screenshot, signIn } from './_browser.ts';
import { type LocalCluster, startCluster } from './_cluster.ts';

const DEADLINE = { deadlineMs: 30_000 };

async function open(browser: Browser, cluster: LocalCluster, name: string, options = {}): Promise<Person> {
  const person = await openPage(browser, options);
  person.page.setDefaultTimeout(DEADLINE.deadlineMs);
  await signIn(person, cluster.frontUrl, `${name}@example.com`, 'chatcluster');
  return person;
}

const choose = (page: Page, title: string) => page.getByTestId('conversation-item').filter({ hasText: title }).first().click();
const ready = (page: Page, count: number) =>
  eventually(async () => (await page.locator('[data-testid=upload][data-state=ready]').count()) === count, DEADLINE);

/** A picture that the browser draws itself, as base64. */
function drawPicture(page: Page): Promise<string> {
  return page.evaluate(`(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [900, 600];
    const context = canvas.getContext('2d');
    const sky = context.createLinearGradient(0, 0, 900, 600);
    sky.addColorStop(0, '#4f6df5');
    sky.addColorStop(1, '#f5a14f');
    context.fillStyle = sky;
    context.fillRect(0, 0, 900, 600);
    return canvas.toDataURL('image/png').split(',')[1];
  })()`);
}

type Given = { name: string; type: string; base64: string };

/** As the browser hands files over when they are dropped or pasted. */
function hand(page: Page, kind: 'drop' | 'paste', file: Given): Promise<void> {
  return page.evaluate(`(({ name, type, base64 }) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
    const target = document.querySelector('[data-testid=composer]');
    const common = { bubbles: true, cancelable: true };
    const paste = () => target.dispatchEvent(new ClipboardEvent('paste', { ...common, clipboardData: data }));
    const drop = () => {
      for (const event of ['dragenter', 'dragover', 'drop']) target.dispatchEvent(new DragEvent(event, { ...common, dataTransfer: data }));
    };
    ${kind}();
  })(${JSON.stringify(file)})`);
}

/** 0 until it is loaded. */
const widthOf = (image: Locator) => image.evaluate((img: unknown) => (img as { naturalWidth: number }).naturalWidth);

test('files are chosen, dropped and pasted, sent, seen and loaded by the other', async () => {
  await using cluster = await startCluster(1);
  await using browser = await openBrowser();
  const grace = await open(browser, cluster, 'grace');
  const ada = await open(browser, cluster, 'ada', { viewport: { width: 375, height: 760 }, colorScheme: 'dark' });
  await choose(grace.page, 'Ada Lovelace');
  await choose(ada.page, 'Grace Hopper');
  const picture = await drawPicture(grace.page);

  await grace.page.getByTestId('file-input').setInputFiles({ name: 'minutes.txt', mimeType: 'text/plain', buffer: Buffer.from('We met.') });
  await hand(grace.page, 'drop', { name: 'sunset.png', type: 'image/png', base64: picture });
  await hand(grace.page, 'paste', { name: 'second.png', type: 'image/png', base64: picture });
  await ready(grace.page, 3);
  await screenshot(grace, 'files-tray-1280-light');
  await grace.page.getByTestId('composer').fill('From the trip');
  await grace.page.getByTestId('send').click();

  const message = ada.page.getByTestId('message').filter({ hasText: 'From the trip' });
  const images = message.getByTestId('attachment-image').locator('img').last();
  await eventually(async () => (await widthOf(images)) > 0, DEADLINE);
  const box = await message.getByTestId('attachment-image').first().boundingBox();
  assert.ok(Math.abs(box!.width / box!.height - 1.5) < 0.05, 'the place of a picture has its shape');
  await screenshot(ada, 'files-message-375-dark');
  await screenshot(grace, 'files-message-1280-light');
  const [download] = await Promise.all([ada.page.waitForEvent('download'), message.getByTestId('attachment-file').click()]);
  assert.equal(download.suggestedFilename(), 'minutes.txt');

  await message.getByTestId('attachment-image').first().click();
  const large = ada.page.getByTestId('lightbox').locator('img');
  await eventually(async () => (await widthOf(large)) === 900, DEADLINE);
  await screenshot(ada, 'files-lightbox-375-dark');
  await ada.page.keyboard.press('ArrowRight');
  await ada.page.getByTestId('lightbox').getByText('second.png').waitFor();
  await ada.page.keyboard.press('Escape');
  await ada.page.getByTestId('lightbox').waitFor({ state: 'detached' });

  // One that is taken back never becomes part of a message.
  await hand(grace.page, 'paste', { name: 'wrong.png', type: 'image/png', base64: picture });
  await grace.page
    .getByRole('button', { name: /wrong\.png/ })
    .last()
    .click();
  await grace.page.getByTestId('upload-tray').waitFor({ state: 'detached' });
  await eventually(() => grace.page.getByTestId('send').isDisabled(), DEADLINE);
  assert.deepEqual([...ada.errors, ...grace.errors], []);
});

test('in the profile one sets a picture that others see, takes the own data along, and deletes the account', async () => {
  await using cluster = await startCluster(1);
  await using browser = await openBrowser();
  const grace = await open(browser, cluster, 'grace');
  const ada = await open(browser, cluster, 'ada');
  const buffer = Buffer.from(await drawPicture(grace.page), 'base64');
  await grace.page.getByTestId('profile').first().click();
  await grace.page.getByTestId('avatar-input').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer });
  await grace.page.getByTestId('avatar-remove').waitFor();
  await screenshot(grace, 'profile-picture-1280-light');
  const seen = ada.page.getByTestId('conversation-item').filter({ hasText: 'Grace Hopper' }).first().locator('img');
  await eventually(async () => (await widthOf(seen)) === 256, DEADLINE);
  await grace.page.getByTestId('avatar-remove').click();
  await grace.page.getByTestId('avatar-remove').waitFor({ state: 'detached' });
  await seen.waitFor({ state: 'detached' });

  const [exported] = await Promise.all([grace.page.waitForEvent('download'), grace.page.getByTestId('export-data').click()]);
  assert.match(exported.suggestedFilename(), /^chat-export-.*\.json$/);
  await grace.page.getByTestId('delete-account').click();
  await grace.page.getByTestId('delete-password').fill('not mine');
  await grace.page.getByTestId('confirm-delete-account').click();
  await grace.page.getByTestId('delete-error').waitFor();
  await grace.page.getByTestId('delete-password').fill('chatcluster');
  await grace.page.getByTestId('confirm-delete-account').scrollIntoViewIfNeeded();
  await screenshot(grace, 'delete-account-1280-light');
  await grace.page.getByTestId('confirm-delete-account').click();
  await grace.page.getByTestId('sign-in-email').waitFor();
  await ada.page.getByTestId('conversation-item').filter({ hasText: 'Deleted user' }).first().waitFor();
  assert.deepEqual([...ada.errors, ...grace.errors], []);
});

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Message } from '@chatcluster/protocol';
import type { Page } from 'playwright-core';
import type { Bot } from './_bot.ts';
import { screenshot } from './_browser.ts';
import { startCable } from './_cable.ts';
import { composer, createGroup, message, openAs, openConversation, soon, type World } from './_web.ts';

const MIB = 1024 * 1024;
/** Four parts of five MiB. */
const FILM = { name: 'film.bin', mimeType: 'application/octet-stream', buffer: randomBytes(20 * MIB) };

/** The numbers of the parts that the page has begun to send, in order. */
function watchParts(page: Page): string[] {
  const parts: string[] = [];
  page.on('request', (request) => {
    const part = request.method() === 'PUT' ? /part-(\d+)/.exec(request.url())?.[1] : undefined;
    if (part) parts.push(part);
  });
  return parts;
}

/** From 0 to 100, as the page says it. */
async function percent(page: Page): Promise<number> {
  const text = await page.getByTestId('upload').innerText();
  return Number(/(\d+)\s%/.exec(text)?.[1] ?? Number.NaN);
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function download(url: string, { token }: { token: string }, fileId: string): Promise<Uint8Array> {
  const answer = await fetch(`${url}/v1/files/${fileId}`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(answer.status, 200);
  return answer.bytes();
}

async function lastMessage(bot: Bot, conversationId: string): Promise<Message | undefined> {
  const { items } = await bot.call<{ items: Message[] }>('GET', `/v1/conversations/${conversationId}/messages`);
  return items.at(-1);
}

export function uploadTests(world: () => World): void {
  test('a large upload shows how far it is, and goes on where it was after the connection was lost', async () => {
    const { ada, url } = world();
    const group = await createGroup(world(), 'Films');
    await using cable = await startCable(url);
    await using person = await openAs({ ...world(), url: cable.url }, 'grace');
    const { page } = person;
    await openConversation(person, group.id);
    const parts = watchParts(page);
    const lost: string[] = [];
    page.on('requestfailed', (request) => lost.push(request.url()));
    cable.allow(7 * MIB);
    await page.getByTestId('file-input').setInputFiles(FILM);
    await soon('the first part has arrived', () => parts.includes('2'));
    await soon('a quarter is shown', async () => (await percent(page)) >= 25);
    const early = await percent(page);
    assert.ok(early <= 50, `${early} % are shown while the second part waits`);
    cable.allow(5 * MIB);
    await soon('the second part has arrived', () => parts.includes('3'));
    await soon('half is shown', async () => (await percent(page)) >= 50);
    const late = await percent(page);
    assert.ok(late <= 75, `${late} % are shown while the third part waits`);
    await composer(page).fill('Have a look');
    assert.ok(await page.getByTestId('send').isDisabled(), 'a message does not go without its file');
    await screenshot(person, 'upload-progress-1280-light');
    cable.cut();
    await soon('the page has lost the third part', () => lost.some((one) => one.includes('part-3')));
    cable.allow(Number.POSITIVE_INFINITY);
    cable.mend();
    await page.locator('[data-testid="upload"][data-state="ready"]').waitFor({ timeout: 60_000 });
    assert.deepEqual(parts.slice(0, 3), ['1', '2', '3']);
    assert.deepEqual([...new Set(parts.slice(3))], ['3', '4'], 'what had arrived is not sent again');
    await page.getByTestId('send').click();
    await message(page, 'Have a look').locator('xpath=self::*[@data-seq]').waitFor();
    const [file] = (await lastMessage(ada, group.id))?.attachments ?? [];
    assert.equal(file?.bytes, FILM.buffer.length);
    assert.equal(sha256(await download(url, ada, file.fileId)), sha256(FILM.buffer));
  });

  test('a cancelled upload ends at once and leaves nothing', async () => {
    const { grace, url } = world();
    const group = await createGroup(world(), 'Regrets');
    await using cable = await startCable(url);
    await using person = await openAs({ ...world(), url: cable.url }, 'grace');
    const { page } = person;
    await openConversation(person, group.id);
    const parts = watchParts(page);
    const created = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.url().endsWith('/v1/files'));
    cable.allow(7 * MIB);
    await page.getByTestId('file-input').setInputFiles(FILM);
    const { fileId } = (await (await created).json()) as { fileId: string };
    await soon('it is in the middle', () => parts.includes('2'));
    const dropped = page.waitForResponse((answer) => answer.request().method() === 'DELETE' && answer.url().includes(fileId));
    await page.getByRole('button', { name: 'Cancel upload of film.bin' }).click();
    await page.getByTestId('upload-tray').waitFor({ state: 'detached' });
    cable.allow(Number.POSITIVE_INFINITY);
    assert.equal((await dropped).status(), 204);
    assert.ok(await page.getByTestId('send').isDisabled());
    await assert.rejects(grace.call('POST', `/v1/files/${fileId}/complete`), /404/);
    await composer(page).fill('Without it');
    await page.getByTestId('send').click();
    await message(page, 'Without it').locator('xpath=self::*[@data-seq]').waitFor();
    assert.deepEqual((await lastMessage(grace, group.id))?.attachments, []);
    assert.deepEqual(parts, ['1', '2']);
  });
}

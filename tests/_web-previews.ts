import assert from 'node:assert/strict';
import { test } from 'node:test';
import { content, openSite, page as html, picture } from '@chatcluster/server/previews/_hostile-site';
import { settled, screenshot } from './_browser.ts';
import {
  createGroup,
  list,
  message,
  openAs,
  openConversation,
  pointAt,
  say,
  soon,
  topMessage,
  topOf,
  twoFrames,
  type World,
} from './_web.ts';

/** A reader does not notice less than this. */
const STILL_PX = 6;

/** A site with a page of every kind of card. */
export async function openCards() {
  const head = (title: string, image: string) =>
    html(`<title>${title}</title><meta name="description" content="Punched cards tell the engine what to weave, and in which order.">
      <meta property="og:site_name" content="The Analytical Review"><meta property="og:image" content="${image}">`);
  return openSite({
    '/cards': head('How the cards are punched', '/wide.png'),
    '/mill': head(
      '&lt;b&gt;The mill&lt;/b&gt; &amp; the store: a title that is so long that it does not fit into two lines of any card',
      '/square.png',
    ),
    '/plain': html('<title>Words alone</title>'),
    '/wide.png': content(await picture(1_200, 630), 'image/png'),
    '/square.png': content(await picture(400, 400), 'image/png'),
  });
}

export function previewTests(world: () => World): void {
  test('a card shows where a link leads, to both, without moving what one reads, until it is taken away', async () => {
    await using site = await openCards();
    const { grace } = world();
    const group = await createGroup(world(), 'Cards');
    for (let i = 0; i < 60; i += 1) await grace.say(group.id, `line ${i}`);
    const { seq: lastSeq } = await grace.say(group.id, 'line 60');
    await world().ada.call('POST', `/v1/conversations/${group.id}/read`, { seq: lastSeq });
    await using person = await openAs(world(), 'ada');
    const { page } = person;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await openConversation(person, group.id);
    await message(page, 'line 60').waitFor();

    const hasBottomInSight = () =>
      list(page).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 5 && box.scrollHeight > box.clientHeight);
    await say(page, `see ${site.url}/cards`);
    const card = message(page, '/cards').getByTestId('link-preview');
    await card.waitFor();
    assert.match(await card.innerText(), /The Analytical Review[\s\S]*How the cards are punched/);
    const image = card.locator('img').last();
    await soon('the picture is loaded', () => image.evaluate((img: unknown) => (img as { naturalWidth: number }).naturalWidth > 0));
    await soon('the end stays in sight', hasBottomInSight);
    assert.ok(
      asked.every((url) => !url.startsWith(site.url)),
      'the browser asks the site for nothing',
    );
    assert.equal(await card.getAttribute('rel'), 'noreferrer noopener nofollow');

    await grace.say(group.id, `and ${site.url}/mill, ${site.url}/plain`);
    await soon('both cards are there', async () => (await message(page, '/mill').getByTestId('link-preview').count()) === 2);
    assert.match(await message(page, '/mill').getByTestId('link-preview').first().innerText(), /<b>The mill<\/b> & the store/);
    assert.equal(await message(page, '/mill').locator('b').count(), 0);
    await soon('the end stays in sight', hasBottomInSight);
    await settled(page);
    await screenshot(person, 'link-previews-1280-light');

    await list(page).evaluate((box) => void (box.scrollTop -= 700));
    await twoFrames(page);
    const { seq, top } = await topMessage(page);
    const late = await grace.say(group.id, `last ${site.url}/cards`);
    await soon('the card has come', async () => {
      const { previews = [] } = await grace.call<{ previews?: unknown[] }>('GET', `/v1/conversations/${group.id}/messages/${late.id}`);
      return previews.length === 1;
    });
    await twoFrames(page);
    assert.ok(Math.abs((await topOf(page, seq)) - top) < STILL_PX, 'what one reads does not move');

    await page.getByTestId('jump').click();
    const own = message(page, 'see ');
    await own.scrollIntoViewIfNeeded();
    await pointAt(own);
    await own.getByTestId('more').click();
    await page.getByRole('menuitem', { name: 'Remove link preview' }).click();
    await soon('its card is gone', async () => (await own.getByTestId('link-preview').count()) === 0);
    await pointAt(message(page, 'last '));
    await message(page, 'last ').getByTestId('more').click();
    await page.getByRole('menuitem').first().waitFor();
    await page.keyboard.press('Escape');
  });
}

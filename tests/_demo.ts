import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { openPage, type Person, screenshot, settled, signIn } from './_browser.ts';
import type { LocalCluster } from './_cluster.ts';
import { setStage, type Stage } from './_demo-cast.ts';
import { composer, list, message, openConversation, soon, twoFrames } from './_web.ts';

const PHONE: BrowserContextOptions = { viewport: { width: 375, height: 760 }, colorScheme: 'dark', deviceScaleFactor: 2 };

export interface DemoOptions {
  /** How long people talk while the charts are looked at. */
  talkSeconds: number;
}

/** A scene of several people, with a picture of each act; throws when something in it does not happen. */
export async function playDemo(browser: Browser, cluster: LocalCluster, { talkSeconds }: DemoOptions): Promise<void> {
  const stage = await setStage(cluster);
  const enter = async (name: string, options: BrowserContextOptions = {}) => {
    const person = await openPage(browser, options);
    person.page.setDefaultTimeout(60_000);
    await signIn(person, cluster.frontUrl, `${name}@example.com`, 'chatcluster');
    return person;
  };
  const [ada, grace] = [await enter('ada'), await enter('grace', PHONE)];
  const katherine = await enter('katherine');
  await grace.page.getByText('Launch week').first().waitFor();
  await take(grace, 'list-375-dark');
  for (const person of [ada, grace, katherine]) await openConversation(person, stage.launchId);
  await showPicture(katherine, [ada, grace]);
  await typeTogether(ada, grace, katherine);
  await readThread(ada, stage);
  await search(ada);
  await administrate(ada, stage, talkSeconds);
  const errors = [ada, grace, katherine].flatMap((person) => person.errors);
  if (errors.length > 0) throw new Error(`a page threw: ${errors.join('; ')}`);
}

async function take(person: Person, name: string): Promise<void> {
  await settled(person.page);
  await twoFrames(person.page);
  await screenshot(person, name);
}

/** Hills in the evening, so that no picture of anybody is needed. */
function paint(page: Page): Promise<string> {
  return page.evaluate(`(() => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [1200, 630];
    const context = canvas.getContext('2d');
    const sky = context.createLinearGradient(0, 0, 0, 630);
    [['#20265c', 0], ['#8a4f8f', 0.45], ['#f08a5d', 0.72], ['#f9d976', 1]].forEach(([colour, at]) => sky.addColorStop(at, colour));
    context.fillStyle = sky;
    context.fillRect(0, 0, 1200, 630);
    context.fillStyle = '#fff3c4';
    context.beginPath();
    context.arc(830, 395, 52, 0, 7);
    context.fill();
    ['#6d3f6f', '#46305c', '#2a2247'].forEach((colour, row) => {
      context.fillStyle = colour;
      context.beginPath();
      context.moveTo(0, 630);
      for (let x = 0; x <= 1200; x += 6) {
        context.lineTo(x, 430 + row * 62 - 46 * Math.sin(x / (150 - row * 24) + row * 2) - 18 * Math.sin(x / 47 + row));
      }
      context.lineTo(1200, 630);
      context.fill();
    });
    return canvas.toDataURL('image/png').split(',')[1];
  })()`);
}

async function showPicture(katherine: Person, others: readonly Person[]): Promise<void> {
  const { page } = katherine;
  const buffer = Buffer.from(await paint(page), 'base64');
  const numbers = Buffer.from('angle,velocity\n32.04,7.79\n'.repeat(400));
  await page.getByTestId('file-input').setInputFiles([
    { name: 'evening.png', mimeType: 'image/png', buffer },
    { name: 'trajectory.csv', mimeType: 'text/csv', buffer: numbers },
  ]);
  await soon('both files are uploaded', async () => (await page.locator('[data-testid=upload][data-state=ready]').count()) === 2);
  await composer(page).fill('The view from the tracking station, and the trajectory.');
  await page.getByTestId('send').click();
  for (const person of others) {
    const image = message(person.page, 'tracking station').getByTestId('attachment-image').locator('img').last();
    await soon('the picture is there', () => image.evaluate((img: unknown) => (img as { naturalWidth: number }).naturalWidth > 0));
  }
}

async function typeTogether(ada: Person, grace: Person, katherine: Person): Promise<void> {
  await composer(grace.page).fill('Beautiful! I am on my way.');
  await composer(grace.page).press('Enter');
  await message(ada.page, 'I am on my way').waitFor();
  await message(ada.page, 'tracking station').hover();
  // Told now and then, shown for some seconds, and nobody repeats it for a page that was busy then: she goes on typing.
  await soon('Ada sees that Katherine is typing', async () => {
    await composer(katherine.page).pressSequentially('And tonight ');
    return ada.page.getByTestId('typing').getByText('Katherine Johnson is typing').isVisible();
  });
  await take(ada, 'chat-1280-light');
  // Away from the messages, which show what can be done with them.
  await grace.page.mouse.move(0, 0);
  await take(grace, 'chat-375-dark');
  await composer(katherine.page).fill('');
}

async function readThread({ page, ...rest }: Person, stage: Stage): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await message(page, 'Which room do we take').first().getByTestId('thread-summary').click();
  await page.getByTestId('thread-panel').getByText('chairs for forty').waitFor();
  await page.getByTestId('thread-composer').fill('Then the larger one it is. See you on Thursday!');
  await page.getByTestId('thread-send').click();
  await soon('the answer is in the thread', async () => {
    const { items } = await stage.cast.grace.call<{ items: { body: string }[] }>(
      'GET',
      `/v1/conversations/${stage.launchId}/messages?thread=${stage.questionId}`,
    );
    return items.some(({ body }) => body.includes('See you on Thursday'));
  });
  await take({ page, ...rest }, 'thread-1280-dark');
  await page.getByTestId('close-panel').click();
  await page.emulateMedia({ colorScheme: 'light' });
}

async function search(ada: Person): Promise<void> {
  const { page } = ada;
  await page.getByTestId('open-search').click();
  await page.getByTestId('message-search').fill('numbers');
  await page.getByTestId('search-result').first().waitFor();
  await take(ada, 'search-1280-light');
  await page.keyboard.press('Escape');
  await page.getByTestId('message-search').waitFor({ state: 'detached' });
  await list(page).waitFor();
}

/** People talk, and the charts move. */
async function administrate(ada: Person, { cast, launchId }: Stage, seconds: number): Promise<void> {
  const { page } = ada;
  await page.getByTestId('open-admin').click();
  await page.getByTestId('pods').waitFor();
  const end = performance.now() + seconds * 1_000;
  for (let n = 1; performance.now() < end; n += 1) {
    // More and fewer, so that there is something to see.
    const burst = 1 + Math.round(6 * Math.sin(n / 5) ** 2);
    await Promise.all(Array.from({ length: burst }, () => cast.alan.say(launchId, `Lap ${n}`)));
    await wait(150);
  }
  await soon('the charts have points', async () => {
    const points = await page.locator('polyline').first().getAttribute('points');
    return (points ?? '').trim().split(/\s+/).length > 2;
  });
  await take(ada, 'admin-1280-light');
}

import { availableParallelism, loadavg } from 'node:os';
import { buildWeb } from '@chatcluster/tools/local/web';
import type { Browser, Page } from 'playwright-core';
import { sayMany } from './_bot.ts';
import { openBrowser } from './_browser.ts';
import { startCluster } from './_cluster.ts';
import { createGroup, createWorld, list, message, openAs, openConversation } from './_web.ts';

/**
 * Scrolls through 10,000 messages in a browser and prints how long its main thread was busy with one task. On a machine that does
 * other things too a task also waits for a core, so what counts is the time that it had one.
 */
const MESSAGES = 10_000;
/** Pixels per picture: fast, a page of messages every few pictures. */
const STEP_PX = 900;
const LIMIT_MS = 50;
const FRAME_MS = 1_000 / 60;

interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  dur?: number;
  tdur?: number;
  args: { name?: string };
}

function bodies(): string[] {
  const words = 'lorem ipsum **dolor** sit amet, https://example.com/x ';
  return Array.from({ length: MESSAGES }, (_, i) => `line ${i + 1} ${words.repeat(1 + (i % 4))}${i % 9 === 0 ? '\n> quoted\n`code`' : ''}`);
}

const scrollToStart = `(async () => {
  const box = document.querySelector('[data-testid=message-list]');
  const first = () => Number(box.querySelector('[data-seq]')?.getAttribute('data-seq'));
  let pictures = 0;
  let late = 0;
  const startedAt = performance.now();
  let last = startedAt;
  while (!(first() <= 2 && box.scrollTop <= 0) && pictures < 50_000) {
    box.scrollBy(0, -${STEP_PX});
    const now = await new Promise((done) => requestAnimationFrame(done));
    if (now - last > ${1.5 * FRAME_MS}) late += 1;
    last = now;
    pictures += 1;
  }
  return { pictures, late, seconds: (performance.now() - startedAt) / 1_000 };
})()`;

/** Tasks of the page's main thread, longest first, in milliseconds. */
async function trace(browser: Browser, page: Page, run: () => Promise<void>): Promise<{ cpu: number[]; wall: number[] }> {
  await browser.startTracing(page, { categories: ['toplevel', 'disabled-by-default-devtools.timeline'] });
  await run();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
  const main = new Set(traceEvents.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map(thread));
  const tasks = traceEvents.filter((e) => e.name.endsWith('RunTask') && main.has(thread(e)));
  const sorted = (pick: (e: TraceEvent) => number | undefined) => tasks.map((e) => (pick(e) ?? 0) / 1_000).sort((a, b) => b - a);
  return { cpu: sorted((e) => e.tdur), wall: sorted((e) => e.dur) };
}

buildWeb();
await using cluster = await startCluster(1, { RATE_LIMITS: 'off' });
await using browser = await openBrowser();
const world = await createWorld(cluster, browser, '');
const group = await createGroup(world, 'Long');
await sayMany(world.url, world.grace.token, group.id, bodies());
await world.ada.call('POST', `/v1/conversations/${group.id}/read`, { seq: MESSAGES + 1 });
await using person = await openAs(world, 'ada');
await openConversation(person, group.id);
await message(person.page, `line ${MESSAGES}`).waitFor();
await list(person.page).focus();
let seen = { pictures: 0, late: 0, seconds: 0 };
const { cpu, wall } = await trace(browser, person.page, async () => void (seen = await person.page.evaluate<typeof seen>(scrollToStart)));
const over = (all: number[]) => all.filter((ms) => ms > LIMIT_MS).length;
const sum = (all: number[]) => all.reduce((total, ms) => total + ms, 0) / 1_000;
process.stdout.write(
  `${MESSAGES} messages, ${seen.pictures} pictures, ${(seen.pictures / seen.seconds).toFixed(1)} a second, ${seen.late} later than half a picture, ${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, Chromium ${browser.version()}\n` +
    `longest task ${cpu[0]?.toFixed(0)} ms of CPU (${wall[0]?.toFixed(0)} ms on the clock); above ${LIMIT_MS} ms: ${over(cpu)} of CPU, ${over(wall)} on the clock; all tasks ${sum(cpu).toFixed(1)} s of CPU\n`,
);

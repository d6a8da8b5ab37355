import { createHash } from 'node:crypto';
import type { CDPSession, Page } from 'playwright-core';
import type { Attachment, FileUpload } from '@chatcluster/protocol';
import { picture } from '@chatcluster/server/previews/_hostile-site';
import type { Bot } from './_bot.ts';

/** Uploads a picture as a browser does. */
export async function uploadPicture(bot: Bot, width: number, height: number): Promise<string> {
  const content = new Uint8Array(await picture(width, height));
  const sha256 = createHash('sha256').update(content).digest('hex');
  const announced = { name: `${width}x${height}.png`, type: 'image/png', bytes: content.length, sha256 };
  const { fileId, upload } = await bot.call<FileUpload>('POST', '/v1/files', announced);
  const answer = await fetch(upload!.url, { method: upload!.method, headers: upload!.headers, body: content });
  if (!answer.ok) throw new Error(`the upload answered ${answer.status}`);
  await bot.call<Attachment>('POST', `/v1/files/${fileId}/complete`);
  return fileId;
}

/**
 * From now on: layout shifts as the browser counts them, and how far any row of the list has moved between two pictures. The browser does
 * not count what is moved by \`transform\`, as the rows of a virtual list are. Rows are looked at after each picture was drawn.
 */
export const watchMoves = `(() => {
  const seen = { shift: 0, shifted: [], movedPx: 0, rows: 0 };
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      seen.shift += value;
      seen.shifted.push(...sources.map(({ node }) => node?.cloneNode(false).outerHTML ?? node?.textContent));
    }
  }).observe({ type: 'layout-shift', buffered: true });
  const tops = new Map();
  const look = () => {
    const box = document.querySelector('[data-testid=message-list]');
    const frame = box?.getBoundingClientRect();
    for (const row of box?.querySelectorAll('[data-seq]') ?? []) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom < frame.top || top > frame.bottom) continue;
      const key = location.hash + row.dataset.seq;
      seen.movedPx = Math.max(seen.movedPx, Math.abs(top - (tops.get(key) ?? top)));
      tops.set(key, top);
    }
    seen.rows = tops.size;
    requestAnimationFrame(() => setTimeout(look));
  };
  look();
  globalThis.seenMoves = seen;
})()`;

export interface Moves {
  shift: number;
  /** What it was. */
  shifted: string[];
  movedPx: number;
  rows: number;
}

/** Opens a conversation from the list and waits for the text; marks both moments, and gives the time between them in milliseconds. */
export const openAndMark = (conversationId: string, text: string) => `(async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const untilMs = performance.now() + 20_000;
  performance.mark('open');
  document.querySelector('[data-testid=conversation-item][data-conversation-id="${conversationId}"]').click();
  while (!document.querySelector('[data-testid=message-list]')?.textContent.includes('${text}')) {
    if (performance.now() > untilMs) throw new Error('${text} does not come');
    await frame();
  }
  performance.mark('shown');
  await frame();
  await frame();
  return performance.measure('opening', 'open', 'shown').duration;
})()`;

/** Milliseconds for which the main thread of the page had a core. */
export async function mainThreadClock(page: Page): Promise<() => Promise<number>> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  return async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000;
  };
}

/** From now on: how long each interaction took, up to the next picture. */
export const watchInteractions = `(() => {
  const longest = new Map();
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries())
      if (interactionId > 0) longest.set(interactionId, Math.max(duration, longest.get(interactionId) ?? 0));
  }).observe({ type: 'event', durationThreshold: 16, buffered: true });
  globalThis.interactions = longest;
})()`;

/** Ascending. */
export function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

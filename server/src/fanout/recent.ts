import type { Entry, ServerEvents } from '@chatcluster/protocol';
import { createGenerations } from './generations.ts';

/** The last entries of a conversation without a gap, as this pod has delivered them. */
export interface RecentEntries {
  entries: Entry[];
  /** No list of members older than this may decide who reads them (G6). */
  memberVersion: number;
}

export interface Recent {
  add(range: RecentRange): void;
  read(conversationId: string): RecentEntries | undefined;
}

export interface RecentRange {
  conversationId: string;
  fromSeq: number;
  toSeq: number;
  memberVersion: number;
  /** The packet of an `entries` event; parsed only when somebody asks. */
  text: string;
}

interface Window {
  ranges: RecentRange[];
  memberVersion: number;
}

export interface RecentOptions {
  /** Per conversation. @default 50 */
  maxEntries?: number;
  /** Over all conversations, in characters of their packets; what was quiet longest goes first. @default 16 Mi */
  maxChars?: number;
}

function parse({ text }: RecentRange): Entry[] {
  const [, payload] = JSON.parse(text.slice(1)) as ['entries', ServerEvents['entries']];
  return payload.entries;
}

function charsOf({ ranges }: Window): number {
  return ranges.reduce((sum, { text }) => sum + text.length, 0);
}

/** Recent history for the time in which Postgres is away. Costs a reference per delivery, and nothing is parsed on the way. */
export function createRecent({ maxEntries = 50, maxChars = 16 * 1024 * 1024 }: RecentOptions = {}): Recent {
  const windows = createGenerations<Window>(maxChars, charsOf);

  /** False: it came already, or is older than what is kept. What does not join the window replaces it when newer. */
  function join({ ranges }: Window, range: RecentRange): boolean {
    const [first, last] = [ranges[0], ranges.at(-1)];
    if (first && range.toSeq === first.fromSeq - 1) ranges.unshift(range);
    else if (last && range.fromSeq === last.toSeq + 1) ranges.push(range);
    else if (last && range.fromSeq <= last.toSeq) return false;
    else for (const { text } of ranges.splice(0, ranges.length, range)) windows.grow(-text.length);
    return true;
  }

  function trim({ ranges }: Window): void {
    const last = ranges.at(-1)!;
    // The seqs of a window have no gap, so its ends tell how many entries it holds.
    while (ranges.length > 1 && last.toSeq - ranges[1]!.fromSeq + 1 >= maxEntries) windows.grow(-ranges.shift()!.text.length);
  }

  return {
    add(range) {
      const { conversationId, memberVersion } = range;
      const window = windows.get(conversationId);
      if (window === undefined) return windows.set(conversationId, { ranges: [range], memberVersion });
      window.memberVersion = Math.max(window.memberVersion, memberVersion);
      if (!join(window, range)) return;
      trim(window);
      windows.grow(range.text.length);
    },
    read(conversationId) {
      const window = windows.peek(conversationId);
      return window && { entries: window.ranges.flatMap(parse), memberVersion: window.memberVersion };
    },
  };
}

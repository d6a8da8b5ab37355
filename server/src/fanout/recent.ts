import type { Entry, ServerEvents } from '@chatcluster/protocol';

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
  /** Of their packets together. */
  chars: number;
  memberVersion: number;
}

export interface RecentOptions {
  /** Per conversation. @default 50 */
  maxEntries?: number;
  /** Over all conversations, in characters of their packets; the longest quiet goes first. @default 4 Mi: about 10,000 messages */
  maxChars?: number;
}

function parse({ text }: RecentRange): Entry[] {
  const [, payload] = JSON.parse(text.slice(1)) as ['entries', ServerEvents['entries']];
  return payload.entries;
}

/** Recent history for the time in which Postgres is away. Costs a reference per delivery, and nothing is parsed on the way. */
export function createRecent({ maxEntries = 50, maxChars = 4 * 1024 * 1024 }: RecentOptions = {}): Recent {
  const windows = new Map<string, Window>();
  let chars = 0;

  /** What does not join the window at either end replaces it when newer, and is dropped when older. */
  function join(window: Window, range: RecentRange): void {
    const [first, last] = [window.ranges[0], window.ranges.at(-1)];
    if (first && range.toSeq === first.fromSeq - 1) window.ranges.unshift(range);
    else if (last && range.fromSeq === last.toSeq + 1) window.ranges.push(range);
    else if (first && last && range.fromSeq <= last.toSeq) return;
    else {
      chars -= window.chars;
      window.chars = 0;
      window.ranges = [range];
    }
    grow(window, range.text.length);
  }

  function grow(window: Window, by: number): void {
    window.chars += by;
    chars += by;
  }

  function trim(window: Window): void {
    const { ranges } = window;
    const last = ranges.at(-1)!;
    // The seqs of a window have no gap, so its ends tell how many entries it holds.
    while (ranges.length > 1 && last.toSeq - ranges[1]!.fromSeq + 1 >= maxEntries) grow(window, -ranges.shift()!.text.length);
  }

  function forgetOldest(): void {
    for (const [oldest, window] of windows) {
      if (chars <= maxChars) break;
      chars -= window.chars;
      windows.delete(oldest);
    }
  }

  return {
    add(range) {
      const { conversationId, memberVersion } = range;
      const window = windows.get(conversationId) ?? { ranges: [], chars: 0, memberVersion: 0 };
      // Last in the order of the map: the most recently used.
      windows.delete(conversationId);
      windows.set(conversationId, window);
      window.memberVersion = Math.max(window.memberVersion, memberVersion);
      join(window, range);
      trim(window);
      forgetOldest();
    },
    read(conversationId) {
      const window = windows.get(conversationId);
      return window && { entries: window.ranges.flatMap(parse), memberVersion: window.memberVersion };
    },
  };
}

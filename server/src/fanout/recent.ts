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
  memberVersion: number;
}

export interface RecentOptions {
  /** Per conversation. @default 50 */
  maxEntries?: number;
  /** Over all conversations, in characters of their packets; the longest quiet goes first. @default 16 Mi */
  maxChars?: number;
}

const count = (ranges: RecentRange[]) => ranges.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0);
const size = (ranges: RecentRange[]) => ranges.reduce((sum, { text }) => sum + text.length, 0);

function parse({ text }: RecentRange): Entry[] {
  const [, payload] = JSON.parse(text.slice(1)) as ['entries', ServerEvents['entries']];
  return payload.entries;
}

/** Recent history for the time in which Postgres is away. Costs a reference per delivery, and nothing is parsed on the way. */
export function createRecent({ maxEntries = 50, maxChars = 16 * 1024 * 1024 }: RecentOptions = {}): Recent {
  const windows = new Map<string, Window>();
  let chars = 0;

  /** What does not join the window at either end replaces it when newer, and is dropped when older. */
  function join(ranges: RecentRange[], range: RecentRange): RecentRange[] {
    const [first, last] = [ranges[0], ranges.at(-1)];
    if (first === undefined || last === undefined || range.fromSeq > last.toSeq + 1) return [range];
    if (range.fromSeq === last.toSeq + 1) return [...ranges, range];
    return range.toSeq === first.fromSeq - 1 ? [range, ...ranges] : ranges;
  }

  function trim(ranges: RecentRange[]): RecentRange[] {
    let kept = ranges;
    while (kept.length > 1 && count(kept.slice(1)) >= maxEntries) kept = kept.slice(1);
    return kept;
  }

  function replace(conversationId: string, window: Window): void {
    chars += size(window.ranges) - size(windows.get(conversationId)?.ranges ?? []);
    // Last in the order of the map: the most recently used.
    windows.delete(conversationId);
    windows.set(conversationId, window);
    for (const [oldest, { ranges }] of windows) {
      if (chars <= maxChars) break;
      chars -= size(ranges);
      windows.delete(oldest);
    }
  }

  return {
    add(range) {
      const known = windows.get(range.conversationId);
      const ranges = trim(join(known?.ranges ?? [], range));
      replace(range.conversationId, { ranges, memberVersion: Math.max(known?.memberVersion ?? 0, range.memberVersion) });
    },
    read(conversationId) {
      const window = windows.get(conversationId);
      return window && { entries: window.ranges.flatMap(parse), memberVersion: window.memberVersion };
    },
  };
}

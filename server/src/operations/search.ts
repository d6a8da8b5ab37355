import type { RestInput, SearchPage } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { z } from 'zod';
import { parseSearch } from '../domain/search-query.ts';
import { cutSnippet, findCandidates } from '../domain/snippet.ts';
import { createKeyedBuckets } from '../limits/token-bucket.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { findHits, type FoundMessage, similarWords, toGroupsQuery, toSearchQuery } from '../store/sql/search-messages.ts';
import type { Store } from '../store/store.ts';
import { searchMessages } from './search-messages.ts';
import { translateUnavailable } from './unavailable.ts';

export interface SearchDeps {
  read: Store['read'];
  /** Whether a person may search without end. */
  rateLimits: boolean;
  nowMs?: () => number;
}

const PAGE = 20;
/** Typing with a search at each pause, no more. */
const PER_SECOND = 4;
const BURST = 20;
/** Shorter words have no typos that one could tell from other words. */
const TYPO_MIN = 4;

/** Where the page before ended, and whether it was about similar words. */
const cursorSchema = z.tuple([z.iso.datetime(), z.uuid(), z.boolean()]);
type Cursor = z.output<typeof cursorSchema>;

interface Question {
  /** A `tsquery`; null: only the filters count. */
  query: string | null;
  words: string[];
  prefix: string;
  /** Words that look like those typed. */
  similar?: true;
}

type Input = RestInput<'search'>;

/** Who asks what, and where it is looked for. */
interface Ask {
  db: Db;
  userId: string;
  input: Input;
}

/** Messages that this person may read, newest first. */
export function createSearch({ read, rateLimits, nowMs = () => performance.now() }: SearchDeps) {
  const buckets = createKeyedBuckets(PER_SECOND, BURST);

  async function run(ask: Ask): Promise<SearchPage> {
    const { db, input } = ask;
    const below = parseCursor(input.cursor);
    if (input.q.trim() === '') return page(ask, { query: null, words: [], prefix: '' }, below);
    const parsed = parseSearch(input.q);
    const query = await toSearchQuery(db, parsed.rest, parsed.last, parsed.either);
    const asked = { query, words: parsed.words, prefix: parsed.last };
    const isTypo = below?.[2] ?? false;
    const exact = query !== null && !isTypo ? await page(ask, asked, below) : undefined;
    if (exact !== undefined && (exact.items.length > 0 || below !== undefined)) return exact;
    // Who puts words in quotes means these words.
    const meant = input.q.includes('"') ? undefined : await guess(db, parsed.words);
    return meant === undefined ? { items: [], nextCursor: null } : page(ask, meant, below);
  }

  /** What may have been meant; undefined: nothing else. */
  async function guess(db: Db, words: string[]): Promise<Question | undefined> {
    const long = words.filter((word) => word.length >= TYPO_MIN);
    const similar = await similarWords(db, long);
    if (similar.every((found) => found.length === 0)) return undefined;
    const groups = words.map((word) => [word, ...(similar[long.indexOf(word)] ?? [])]);
    const query = await toGroupsQuery(db, groups);
    return query === null ? undefined : { query, words: groups.flat(), prefix: '', similar: true };
  }

  async function page({ db, userId, input }: Ask, question: Question, below?: Cursor): Promise<SearchPage> {
    const { conversationId, from, before, after, has, limit = PAGE } = input;
    const found = await searchMessages(db, {
      ...{ userId, conversationId, from, before, after, limit, hasFile: has === 'file', query: question.query },
      below: below === undefined ? null : { at: below[0], id: below[1] },
    });
    const hits = await findHits(db, findCandidates(found.rows.map(textOf), question.words), question.words, question.prefix);
    const items = found.rows.map((row) => ({
      message: row.message,
      conversationTitle: row.title,
      snippet: cutSnippet(textOf(row), hits),
    }));
    const next = found.last && encodeCursor([found.last.at, found.last.id, question.similar ?? false]);
    return { items, nextCursor: next, ...(question.similar && items.length > 0 ? { similar: true } : {}) };
  }

  return (userId: string, input: Input): Promise<SearchPage> => {
    const waitMs = rateLimits ? buckets.take(userId, nowMs()) : 0;
    if (waitMs > 0) throw new ChatError('rate_limited', { retryAfterMs: waitMs });
    return translateUnavailable(() => read((db) => run({ db, userId, input })));
  };
}
export type Search = ReturnType<typeof createSearch>;

function textOf({ message }: FoundMessage): string {
  return message.body === '' ? message.attachments.map((a) => a.name).join(', ') : message.body;
}

function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function parseCursor(cursor: string | undefined): Cursor | undefined {
  if (cursor === undefined) return undefined;
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new ChatError('invalid', { details: [{ path: 'cursor', issue: 'not a cursor of this list' }], cause });
  }
}

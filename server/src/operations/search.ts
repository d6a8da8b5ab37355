import type { RestInput, SearchPage } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type pg from 'pg';
import { z } from 'zod';
import { parseSearch } from '../domain/search-query.ts';
import { cutSnippet, findCandidates } from '../domain/snippet.ts';
import { createKeyedBuckets } from '../limits/token-bucket.ts';
import { findHits, type FoundMessage, searchMessages, similarWords, toGroupsQuery, toSearchQuery } from '../store/sql/search-messages.ts';
import { translateUnavailable } from './unavailable.ts';

export interface SearchDeps {
  pool: pg.Pool;
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

/** Messages that this person may read, newest first. */
export function createSearch({ pool, rateLimits, nowMs = () => performance.now() }: SearchDeps) {
  const buckets = createKeyedBuckets(PER_SECOND, BURST);

  async function run(userId: string, input: Input): Promise<SearchPage> {
    const below = parseCursor(input.cursor);
    if (input.q.trim() === '') return page(userId, input, { query: null, words: [], prefix: '' }, below);
    const parsed = parseSearch(input.q);
    const query = await toSearchQuery(pool, parsed.rest, parsed.last, parsed.either);
    const asked = { query, words: parsed.words, prefix: parsed.last };
    const isTypo = below?.[2] ?? false;
    const exact = query !== null && !isTypo ? await page(userId, input, asked, below) : undefined;
    if (exact !== undefined && (exact.items.length > 0 || below !== undefined)) return exact;
    // Who puts words in quotes means these words.
    const meant = input.q.includes('"') ? undefined : await guess(parsed.words);
    return meant === undefined ? { items: [], nextCursor: null } : page(userId, input, meant, below);
  }

  /** What may have been meant; undefined: nothing else. */
  async function guess(words: string[]): Promise<Question | undefined> {
    const long = words.filter((word) => word.length >= TYPO_MIN);
    const similar = await similarWords(pool, long);
    if (similar.every((found) => found.length === 0)) return undefined;
    const groups = words.map((word) => [word, ...(similar[long.indexOf(word)] ?? [])]);
    const query = await toGroupsQuery(pool, groups);
    return query === null ? undefined : { query, words: groups.flat(), prefix: '', similar: true };
  }

  async function page(userId: string, input: Input, question: Question, below?: Cursor): Promise<SearchPage> {
    const { conversationId, from, before, after, has, limit = PAGE } = input;
    const found = await searchMessages(pool, {
      ...{ userId, conversationId, from, before, after, limit, hasFile: has === 'file', query: question.query },
      below: below === undefined ? null : { at: below[0], id: below[1] },
    });
    const hits = await findHits(pool, findCandidates(found.rows.map(textOf), question.words), question.words, question.prefix);
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
    return translateUnavailable(() => run(userId, input));
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

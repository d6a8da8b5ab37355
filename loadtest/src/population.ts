import { randomUUID } from 'node:crypto';
import type { AuthResult, Conversation } from '@chatcluster/protocol';
import type { Account, Talk } from './people/account.ts';
import { createRandom } from './random.ts';
import { rest } from './rest.ts';
import { planWorld, type PlannedTalk, type WorldSize } from './world-plan.ts';

const AT_ONCE = 12;
const PASSWORD = 'correct horse battery staple';

export interface Population {
  accounts: Account[];
  talks: Talk[];
}

export interface PopulationOptions {
  urls: string[];
  kind: 'guests' | 'registered';
  size: WorldSize;
  seed: number;
  /** Told often; `pauseMs` when the server asked for a pause. */
  onProgress(done: number, of: number, what: string): void;
  onPause(ms: number): void;
}

/** A few at a time, results in order. */
async function mapSome<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results = Array.from<R>({ length: items.length });
  let next = 0;
  const run = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i]!, i);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
  return results;
}

/** Makes people and conversations through the public interface, as slowly as the server wants it. */
export async function createPopulation(options: PopulationOptions): Promise<Population> {
  const { urls, kind, size, seed, onProgress, onPause } = options;
  const plan = planWorld(size, createRandom(seed));
  // Guests may not make channels.
  const owners = new Set(plan.talks.flatMap(({ kind: of, members }) => (of === 'channel' ? [members[0]] : [])));
  let done = 0;
  const accounts = await mapSome(plan.likings, async (conversations, user): Promise<Account> => {
    const displayName = `Load ${user}`;
    const isGuest = kind === 'guests' && !owners.has(user);
    const body = isGuest ? { displayName } : { displayName, email: `load-${randomUUID()}@example.org`, password: PASSWORD };
    const path = isGuest ? 'guest' : 'register';
    const made = await rest<AuthResult>({
      urls,
      first: user,
      path: `/v1/auth/${path}`,
      method: 'POST',
      body: { ...body, tokens: 'body' },
      onPause,
    });
    onProgress((done += 1), plan.likings.length, 'people');
    return { user, userId: made.user.id, token: made.accessToken, refreshToken: made.refreshToken ?? '', conversations };
  });
  done = 0;
  const talks = await mapSome(plan.talks, async (talk, i): Promise<Talk> => {
    const { id, lastSeq } = await createTalk(talk, { accounts, onPause, urls, first: i });
    onProgress((done += 1), plan.talks.length, 'conversations');
    return { id, kind: talk.kind, members: talk.members, from: lastSeq };
  });
  return { accounts, talks };
}

interface TalkOptions extends Pick<PopulationOptions, 'onPause' | 'urls'> {
  accounts: Account[];
  first: number;
}

function createTalk({ kind, members }: PlannedTalk, { accounts, ...options }: TalkOptions): Promise<Conversation> {
  const [owner, ...others] = members;
  const body = {
    kind,
    clientId: randomUUID(),
    memberIds: others.map((member) => accounts[member]!.userId),
    ...(kind === 'direct' ? {} : { title: `Load ${kind}` }),
  };
  return rest<Conversation>({ ...options, path: '/v1/conversations', method: 'POST', body, token: accounts[owner!]!.token });
}

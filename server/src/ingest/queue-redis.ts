import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { type ChatRedis, timed, whenReady } from '../fanout/redis.ts';

const LIBRARY = 'ingest_v1';
const TIMEOUT_MS = 1_000;

/** This Redis could lose what it was given: nothing may be acknowledged. */
export class NotDurableError extends Error {
  override name = 'NotDurableError';
}

/** One connection of its own: WAITAOF blocks it, and nothing else. */
export interface QueueRedis extends AsyncDisposable {
  call(name: string, args: (string | number)[]): Promise<unknown>;
  /** Asked for every batch: settings change while Redis runs. Rejects when it keeps no append-only file that `persisted` can vouch for. */
  checkDurable(): Promise<void>;
  /** Resolves when everything called before is in the file on disk. */
  persisted(): Promise<void>;
}

export type Durability = 'waitaof' | 'always' | 'none';

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\r?$`, 'm').exec(info)?.[1] ?? '';
}

/** From 7.2 on Redis can be asked; before, only a file written at every command will do. */
export function parseDurability(info: string, appendfsync: string): Durability {
  if (field(info, 'aof_enabled') !== '1') return 'none';
  const [major = 0, minor = 0] = field(info, 'redis_version').split('.').map(Number);
  if (major > 7 || (major === 7 && minor >= 2)) return 'waitaof';
  return appendfsync === 'always' ? 'always' : 'none';
}

async function loadDurability(client: Redis): Promise<Durability> {
  // Managed servers forbid CONFIG: then nobody can tell, and before 7.2 the answer is no.
  const setting = client.config('GET', 'appendfsync').catch(() => []) as Promise<string[]>;
  const [server, persistence, [, appendfsync = '']] = await Promise.all([client.info('server'), client.info('persistence'), setting]);
  return parseDurability(`${server}\n${persistence}`, appendfsync);
}

const isUnknownFunction = (error: unknown) => error instanceof Error && error.message.includes('Function not found');

export function createQueueRedis(redis: Pick<ChatRedis, 'connect' | 'prefix'>): QueueRedis {
  const source = readFileSync(new URL('./ingest_v1.lua', import.meta.url), 'utf8');
  const client = redis.connect();
  let durability: Durability = 'none';

  async function call(name: string, args: (string | number)[]): Promise<unknown> {
    const run = () => timed(client.call('FCALL', `${LIBRARY}_${name}`, 0, redis.prefix, ...args), TIMEOUT_MS);
    try {
      return await run();
    } catch (error) {
      if (!isUnknownFunction(error)) throw error;
      await whenReady(client);
      await timed(client.call('FUNCTION', 'LOAD', 'REPLACE', source), TIMEOUT_MS);
      return run();
    }
  }

  return {
    call,
    async checkDurable() {
      durability = await timed(loadDurability(client), TIMEOUT_MS);
      if (durability === 'none') throw new NotDurableError('redis keeps no append-only file that survives a crash');
    },
    async persisted() {
      // With `appendfsync always` a reply is written after the file.
      if (durability !== 'waitaof') return;
      const [local = 0] = (await timed(client.call('WAITAOF', 1, 0, TIMEOUT_MS), 2 * TIMEOUT_MS)) as number[];
      if (local < 1) throw new NotDurableError('redis did not write its append-only file in time');
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
    },
  };
}

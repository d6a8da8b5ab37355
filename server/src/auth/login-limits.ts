import { isIPv6 } from 'node:net';
import type { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { ChatError } from '@chatcluster/protocol/errors';

export interface LimiterOptions {
  enabled: boolean;
  /** Absent: the limits count per pod. */
  redis?: Redis;
  redisPrefix: string;
}

export interface AuthLimits {
  /** Counts an attempt before the password is looked at; gives a function to call when it was right. */
  login(email: string, address: string): Promise<() => Promise<void>>;
  /** A new account or guest of this address. */
  signUp(address: string): Promise<void>;
  /** A link of a mail is tried. */
  link(address: string): Promise<void>;
  /** A mail is asked for. False: this person gets enough of them; the answer must not tell. */
  mail(email: string, address: string): Promise<boolean>;
}

const WINDOW_SECONDS = 15 * 60;
const REDIS_TIMEOUT_MS = 250;

/**
 * Failed logins: 10 per account and address, 100 per address. Counting by account alone would let anybody lock another
 * person out. An attempt counts when it begins, so that a thousand parallel guesses are a thousand.
 */
export function createAuthLimits(options: LimiterOptions): AuthLimits {
  if (!options.enabled) return { login: async () => async () => {}, signUp: async () => {}, link: async () => {}, mail: async () => true };
  const account = createLimiter(options, 'login', 10, WINDOW_SECONDS);
  const address = createLimiter(options, 'login-address', 100, WINDOW_SECONDS);
  const signUps = createLimiter(options, 'sign-up', 60, 60);
  const links = createLimiter(options, 'link', 60, WINDOW_SECONDS);
  const mailsOfAddress = createLimiter(options, 'mail-address', 30, WINDOW_SECONDS);
  // Nobody is locked out by it: the links of the mails that were sent stay good.
  const mailsTo = createLimiter(options, 'mail-to', 5, 60 * 60);
  return {
    async login(email, from) {
      const network = networkOf(from);
      const key = `${email} ${network}`;
      await address.consume(network);
      await account.consume(key);
      return async () => {
        await Promise.all([address.giveBack(network), account.giveBack(key)]);
      };
    },
    signUp: (from) => signUps.consume(networkOf(from)),
    link: (from) => links.consume(networkOf(from)),
    async mail(email, from) {
      await mailsOfAddress.consume(networkOf(from));
      return mailsTo.consume(email).then(
        () => true,
        (error: unknown) => {
          if (error instanceof ChatError && error.code === 'rate_limited') return false;
          throw error;
        },
      );
    },
  };
}

/** One IPv6 customer holds at least a /64: its first four groups. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const groups = tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  return `${groups
    .slice(0, 4)
    .map((g) => Number.parseInt(g, 16).toString(16))
    .join(':')}::/64`;
}

interface Limiter {
  consume(key: string): Promise<void>;
  giveBack(key: string): Promise<void>;
}

function createLimiter({ redis, redisPrefix }: LimiterOptions, name: string, points: number, duration: number): Limiter {
  const memory = new RateLimiterMemory({ keyPrefix: name, points, duration });
  const shared =
    redis &&
    new RateLimiterRedis({ storeClient: redis, keyPrefix: `${redisPrefix}limit:${name}`, points, duration, rejectIfRedisNotReady: true });

  /** A slow or absent Redis must not hold logins up: this pod counts alone until it is back. */
  async function run(work: (limiter: RateLimiterAbstract) => Promise<unknown>): Promise<void> {
    if (shared) {
      try {
        return void (await withTimeout(work(shared), REDIS_TIMEOUT_MS));
      } catch (error) {
        if (error instanceof RateLimiterRes) throw limited(error);
      }
    }
    try {
      await work(memory);
    } catch (error) {
      throw error instanceof RateLimiterRes ? limited(error) : error;
    }
  }

  return { consume: (key) => run((l) => l.consume(key)), giveBack: (key) => run((l) => l.reward(key)) };
}

function limited(state: RateLimiterRes): ChatError {
  return new ChatError('rate_limited', {
    message: 'Too many attempts; wait before you try again.',
    retryAfterMs: Math.max(1, state.msBeforeNext),
  });
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis did not answer in time')), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

import type { ChatRedis } from '../redis.ts';

/** Of one publish: conversation, from, to, member version, routing, packet. */
export type PublishFields = [string, number, number, number, string, string];

export interface Publishes {
  /**
   * Gives the position in this pod's inbox up to which it must have read before it delivers this by itself; undefined: Redis
   * holds it until the seqs before it came. Rejects when Redis did not answer; whether it was published nobody knows then.
   */
  add(fields: PublishFields, users: string[]): Promise<number | undefined>;
  /** Before whatever else goes to this server: it must not overtake what was published before it. */
  flush(): void;
}

interface Waiting {
  resolve(gate: number | undefined): void;
  reject(error: unknown): void;
}

/** Arguments of one call: Redis does nothing else meanwhile, about 1 µs for each. */
const MAX_ARGS = 2_000;

/** What is published in one turn of the event loop goes out in one call: a commit concerns many conversations. See chat_v1.lua for the order. */
export function createPublishes(redis: Pick<ChatRedis, 'call'>, header: (string | number)[]): Publishes {
  let args: (string | number)[] = [];
  let waiting: Waiting[] = [];

  async function send(): Promise<void> {
    const [sentArgs, sent] = [args, waiting];
    args = [];
    waiting = [];
    try {
      const gates = (await redis.call('publish_many', [...header, ...sentArgs])) as number[];
      sent.forEach(({ resolve }, i) => resolve(gates[i]! < 0 ? undefined : gates[i]));
    } catch (error) {
      for (const { reject } of sent) reject(error);
    }
  }

  function flush(): void {
    if (waiting.length > 0) void send();
  }

  return {
    add(fields, users) {
      if (waiting.length === 0) process.nextTick(flush);
      args.push(users.length, ...fields, ...users);
      const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
      waiting.push({ resolve, reject });
      if (args.length >= MAX_ARGS) flush();
      return promise;
    },
    flush,
  };
}

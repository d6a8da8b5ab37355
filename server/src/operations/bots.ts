import type { Bot, User } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Audit } from '../audit.ts';
import type { BotTokens } from '../auth/bot-tokens.ts';
import { uuidV7 } from '../ids.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { deleteBot, findBot, insertBot, listBots } from '../store/sql/bots.ts';
import { translateUnavailable } from './unavailable.ts';

export interface BotsDeps {
  db: Db;
  tokens: Pick<BotTokens, 'issue'>;
  endAllSessions(userId: string): Promise<void>;
  audit: Audit;
}

/** Users for programs, made by administrators of the installation; the caller has checked that it is one. */
export function createBots({ db, tokens, endAllSessions, audit }: BotsDeps) {
  const line = (actorId: string, action: string, targetId: string) => audit({ actorId, action, targetType: 'user', targetId });

  async function require(id: string): Promise<User> {
    const bot = await findBot(db, id);
    if (bot === undefined) throw new ChatError('not_found');
    return bot;
  }

  return {
    create: (adminId: string, displayName: string): Promise<Bot & { token: string }> =>
      translateUnavailable(async () => {
        const bot = await insertBot(db, uuidV7(), displayName);
        const token = await tokens.issue(bot.user.id);
        await line(adminId, 'bot.created', bot.user.id);
        return { ...bot, token };
      }),
    list: (): Promise<Bot[]> => translateUnavailable(() => listBots(db)),
    /** Another token; the one before, and the sockets that came with it, end. */
    renewToken: (adminId: string, id: string): Promise<{ user: User; token: string }> =>
      translateUnavailable(async () => {
        const user = await require(id);
        await endAllSessions(id);
        const token = await tokens.issue(id);
        await line(adminId, 'bot.token_renewed', id);
        return { user, token };
      }),
    remove: (adminId: string, id: string): Promise<void> =>
      translateUnavailable(async () => {
        await require(id);
        await endAllSessions(id);
        await deleteBot(db, id);
        await line(adminId, 'bot.deleted', id);
      }),
  };
}
export type Bots = ReturnType<typeof createBots>;

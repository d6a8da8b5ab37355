import type { Match } from '../../operations/match.ts';
import type { Handlers } from './context.ts';

/** `match:join` and `match:leave`: the pair learns of each other by `conversation:added`. */
export function matchHandlers(match: Pick<Match, 'join' | 'leave'>): Pick<Handlers, 'match:join' | 'match:leave'> {
  return {
    'match:join': async (connection) => {
      await match.join(connection.userId, connection.id);
      return { waiting: true };
    },
    'match:leave': async (connection) => {
      await match.leave(connection.userId);
      return { waiting: false };
    },
  };
}

import type { PresenceSetting } from '@chatcluster/protocol';
import type { Authenticate } from '../../auth/authenticate.ts';
import type { MessageRate } from '../../limits/message-rate.ts';
import type { Operations } from '../../operations/operations.ts';
import type { Presence } from '../../presence/presence.ts';
import type { Store } from '../../store/store.ts';
import { authRefresh } from './auth-refresh.ts';
import { catchingUp } from './catching-up.ts';
import type { Handlers } from './context.ts';
import { matchHandlers } from './match.ts';
import { messageChange } from './message-change.ts';
import { messageSend } from './message-send.ts';
import { presenceHandlers } from './presence.ts';
import { receipt } from './receipt.ts';
import { typing } from './typing.ts';

export interface EventHandlerDeps {
  operations: Operations;
  store: Pick<Store, 'sharesConversation'>;
  presence: Presence;
  saveSetting(userId: string, setting: PresenceSetting): Promise<void>;
  authenticate: Pick<Authenticate, 'authenticateToken'>;
  rate: MessageRate;
}

/** The table of client events: add a file here to add an event. */
export function createEventHandlers(deps: EventHandlerDeps): Handlers {
  const { operations, store } = deps;
  return {
    'message:send': messageSend({ sendMessage: operations.sendMessage, rate: deps.rate, findSent: operations.findSent }),
    ...messageChange(operations.changeMessage),
    ...catchingUp(operations.catchUp),
    ...presenceHandlers({
      presence: deps.presence,
      saveSetting: deps.saveSetting,
      knownTo: (userId, others) => store.sharesConversation(userId, others),
    }),
    ...matchHandlers(operations.match),
    receipt: receipt(operations.receipts),
    typing: typing(operations.typing),
    'auth:refresh': authRefresh(deps.authenticate),
  };
}

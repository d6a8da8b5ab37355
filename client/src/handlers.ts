import type { Conversation, ServerEventName, ServerEvents, User } from '@chatcluster/protocol';
import type { Blocks } from './blocks.ts';
import type { Book } from './book.ts';
import type { CatchUp } from './catch-up.ts';
import type { History } from './history.ts';
import type { Outbox } from './outbox.ts';
import type { People } from './people.ts';
import type { Session } from './session.ts';
import type { Typing } from './typing.ts';

export interface HandlerDeps {
  book: Book;
  typing: Typing;
  people: People;
  outbox: Outbox;
  catchUp: CatchUp;
  session: Session;
  history: History;
  blocks: Blocks;
}

export type Handlers = { [E in ServerEventName]?: (payload: ServerEvents[E]) => void };

/** Which part takes which server event; those that are not named only pass through to the app. */
export function createHandlers({ book, typing, people, outbox, catchUp, session, history, blocks }: HandlerDeps): Handlers {
  function profile(user: User): void {
    const own = session.user;
    // Field by field what others do not see: a picture or a status that was taken away is absent here.
    if (own?.id === user.id) session.setUser({ ...user, email: own.email, emailVerified: own.emailVerified, admin: own.admin });
    people.learn(user);
  }

  /** The answer to one's own `create` may have been here first, with entries since; then nothing is new. */
  function added(conversation: Conversation): void {
    const known = book.get(conversation.id)?.conversation;
    if (known !== undefined && known.me.firstSeq === conversation.me.firstSeq) book.learn(conversation);
    else book.add(conversation);
    catchUp.moved();
    if (book.get(conversation.id)?.isOpened) history.newest(conversation.id).catch(() => catchUp.check());
  }

  return {
    entries: ({ conversationId, entries }) => book.receive(conversationId, entries),
    receipts: ({ conversationId, userId, delivered, read }) => book.receipt(conversationId, userId, delivered, read),
    typing: ({ conversationId, userId, on }) => typing.received(conversationId, userId, on && !blocks.ids.has(userId)),
    blocks: ({ userIds }) => blocks.learn(userIds),
    presence: (presence) => people.setPresence(presence),
    profile: ({ user }) => profile(user),
    'conversation:added': ({ conversation }) => added(conversation),
    'conversation:removed'({ conversationId }) {
      book.remove(conversationId);
      catchUp.moved();
    },
    'conversation:me': ({ conversationId, me }) => {
      book.learnMe(conversationId, me);
      if (me.version === undefined) catchUp.moved(); // A server of the release before does not say which is newer.
    },
    'message:rejected': ({ clientMsgId, error }) => outbox.rejected(clientMsgId, error),
    // What was removed by age, the conversation itself says.
    resync: ({ conversationIds }) => catchUp.resync(conversationIds),
  };
}

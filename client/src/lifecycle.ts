import { ChatError } from '@chatcluster/protocol/errors';
import type { ClientEvents, ConnectionSnapshot, SignedIn } from './types.ts';
import { keepAccount, type Life, type Wired } from './wiring.ts';

/** What happens to all parts together: somebody signs in or out, the connection opens or is lost, something has changed. */
export function createLife(w: Wired): Life {
  let unlisten = () => {};

  function listen(): void {
    const { network, checkEveryMs } = w.parts;
    unlisten();
    unlisten = network.listen((hint) => {
      if (hint === 'visible' && w.connection.snapshot.state === 'live' && checkEveryMs > 0) w.catchUp.check();
    });
  }

  function forget(): void {
    w.catchUp.reset();
    for (const part of [w.receipts, w.threads, w.typing, w.people, w.blocks, w.outbox, w.book, w.panels, w.offline, w.views]) part.clear();
  }

  return {
    start() {
      listen();
      w.connection.start();
    },
    stop() {
      unlisten();
      w.receipts.pause();
      w.threads.pause();
      w.connection.stop();
    },
    async signedIn(): Promise<SignedIn> {
      const { session, offline, views, outbox, emitter } = w;
      const { user } = session;
      if (user === undefined) throw new ChatError('unauthenticated');
      await offline.restore();
      views.listChanged();
      await outbox.load();
      emitter.changed();
      return { user, sessionId: session.sessionId };
    },
    async signedOut(code) {
      const userId = w.session.user?.id ?? '';
      unlisten();
      forget();
      await w.keeper.wipe(userId);
      await w.session.forget();
      w.emitter.emit('signed-out', { code });
      w.emitter.changed();
    },
    clear() {
      unlisten();
      w.connection.stop();
      forget();
    },
    changed(conversationId) {
      w.views.changed(conversationId);
      w.panels.outdated(conversationId);
      w.emitter.changed();
    },
    /** Whom one sees, and what is unread where no log is held, only the server can tell. */
    blocksChanged() {
      keepAccount(w);
      w.book.recount();
      w.people.tellWatched();
      w.catchUp.check();
    },
    connectionChanged(snapshot: ConnectionSnapshot) {
      if (snapshot.state === 'syncing') opened(w);
      else if (snapshot.state !== 'live') {
        w.catchUp.disconnected();
        w.positions.disconnected();
        w.receipts.pause();
        w.threads.pause();
      }
      w.emitter.emit('connection', snapshot);
      w.emitter.changed();
    },
    received(name, payload) {
      w.handlers[name]?.(payload);
      w.emitter.emit(name, payload as ClientEvents[typeof name]);
    },
    volatile(event, payload) {
      if (w.connection.isOpen) w.connection.call(event, payload).catch(() => undefined);
    },
  };
}

function opened(w: Wired): void {
  w.outbox.connected();
  // Another tab, or one that was closed, may have left something there.
  void w.outbox.load().catch(() => undefined);
  w.offline.connected();
  w.receipts.flush();
  w.threads.flush();
  w.people.tellWatched();
  if (w.people.setting !== undefined) w.life.volatile('presence:set', { status: w.people.setting });
}

import type { ChatClient } from '@chatcluster/client/types';
import type { StoreApi } from 'zustand/vanilla';
import type { ViewState } from './model.ts';

/** Being paired with a stranger: wait, be taken there, leave, or go on to the next one. */
export function createMatching(client: ChatClient, view: StoreApi<ViewState>) {
  client.on('conversation:added', ({ conversation }) => {
    if (!conversation.matched || view.getState().matching !== 'waiting') return;
    view.setState({ matching: 'idle', dialog: undefined, selectedId: conversation.id, panel: undefined, place: undefined });
  });
  // A lost connection takes one out of the waiting people; joining again is idempotent.
  client.on('session:ready', () => {
    if (view.getState().matching === 'waiting') join();
  });
  const join = () => {
    view.setState({ matching: 'waiting' });
    client.match(true).catch(() => view.setState({ matching: 'failed' }));
  };
  return {
    join,
    stop() {
      if (view.getState().matching === 'waiting') client.match(false).catch(() => undefined);
      view.setState({ matching: 'idle', dialog: undefined });
    },
    /** Leaves this stranger and waits for another one. */
    async next(conversationId: string) {
      await client.leave(conversationId);
      view.setState({ selectedId: undefined, panel: undefined, dialog: 'match' });
      join();
    },
  };
}

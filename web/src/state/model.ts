import type { ChatClient, ConnectionSnapshot } from '@chatcluster/client/types';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { StringKey } from '../strings.ts';
import { createAccount } from './account.ts';
import type { AuthLink } from './auth-link.ts';
import { createBeat } from './beat.ts';
import { createComposing } from './compose.ts';
import { createDrafts } from './drafts.ts';
import { createIntegrations } from './integrations.ts';
import { inOrder } from './list-order.ts';
import { createMatching } from './matching.ts';
import { createPush } from './push.ts';
import { createPeople } from './people.ts';
import { createPictures } from './pictures.ts';
import { createSecurity } from './security.ts';
import { createSearching } from './searching.ts';
import { createUpdateCheck } from './update.ts';
import { createUploads } from './uploads.ts';

export type { SignInOptions } from '@chatcluster/client';
export type { ChatClient, ConversationSnapshot } from '@chatcluster/client/types';

export type Phase = 'restoring' | 'signed-out' | 'signed-in';
export type DialogName =
  | 'new'
  | 'browse'
  | 'profile'
  | 'add-people'
  | 'rename'
  | 'report'
  | 'person'
  | 'notifications'
  | 'switcher'
  | 'help'
  | 'forward'
  | 'seen-by'
  | 'match'
  | 'account'
  | 'search'
  | 'invites'
  | 'webhooks';

/** A message of a conversation. */
export interface MessageRef {
  conversationId: string;
  messageId: string;
}

/** A place that one is taken to. `at` tells a second jump to the same place from the first. */
export interface Place {
  conversationId: string;
  seq: number;
  at: number;
}

/** What this tab shows. What the account holds is in the SDK. */
export interface ViewState {
  phase: Phase;
  /** The session ended without the user asking for it. */
  wasEnded: boolean;
  /** A link of a mail, or the way back from an identity provider, that is to be dealt with first. */
  link: AuthLink | undefined;
  selectedId: string | undefined;
  dialog: DialogName | undefined;
  /** What the dialog is about. */
  dialogMessage: MessageRef | undefined;
  isDetailsOpen: boolean;
  /** The administration lies over the conversations. */
  isAdminOpen: boolean;
  /** Whose profile is shown. */
  personId: string | undefined;
  /** What the report dialog is about. */
  reporting: { userId: string; messageId?: string; conversationId?: string } | undefined;
  /** What lies in the right column in place of the details. */
  panel: { kind: 'thread'; rootId: string } | { kind: 'pins' } | undefined;
  place: Place | undefined;
  /** Marked as unread by hand: nothing there is read again before one leaves. */
  heldUnread: { conversationId: string; seq: number } | undefined;
  /** The row of a message that shows what can be done with it. */
  pointedAt: string | undefined;
  /** Counts up whenever the composer should take the focus. */
  focusComposer: number;
  /** A short line that goes by itself. */
  notice: StringKey | undefined;
  drafts: Readonly<Record<string, string>>;
  /** The message being edited or answered in the composer, by conversation. */
  editing: MessageRef | undefined;
  replying: MessageRef | undefined;
  /** Since when the connection is not up. */
  downSinceMs: number | undefined;
  /** The server has another build of this page. */
  hasUpdate: boolean;
  matching: 'idle' | 'waiting' | 'failed';
  /** The browser's offer to install the page as an app. */
  install: { prompt(): Promise<unknown> } | undefined;
}

const initialView: ViewState = {
  phase: 'restoring',
  wasEnded: false,
  link: undefined,
  selectedId: undefined,
  dialog: undefined,
  dialogMessage: undefined,
  isDetailsOpen: false,
  isAdminOpen: false,
  personId: undefined,
  reporting: undefined,
  panel: undefined,
  place: undefined,
  heldUnread: undefined,
  pointedAt: undefined,
  focusComposer: 0,
  notice: undefined,
  drafts: {},
  editing: undefined,
  replying: undefined,
  downSinceMs: undefined,
  hasUpdate: false,
  matching: 'idle',
  install: undefined,
};

export type Model = ReturnType<typeof createModel>;

/** The view models of the app. Nothing else talks to the SDK. */
export function createModel(client: ChatClient, nowMs: () => number = Date.now) {
  const view = createStore<ViewState>(() => initialView);
  const set = (part: Partial<ViewState>) => view.setState(part);
  client.on('connection', (connection) => set({ downSinceMs: downSince(connection, view.getState().downSinceMs, nowMs()) }));
  client.on('signed-out', ({ code }) => set({ ...signedOut(view.getState()), link: view.getState().link, wasEnded: code !== undefined }));
  client.on('conversation:removed', ({ conversationId }) => {
    if (view.getState().selectedId === conversationId) set({ selectedId: undefined, panel: undefined });
  });
  const uploads = createUploads(client, () => set({ notice: 'tooManyFiles' }));
  client.on('signed-out', () => uploads.clear());
  const drafts = createDrafts(client, view, localStorage);
  const beat = createBeat(client.subscribe);
  return {
    client,
    /** For what is drawn. */
    subscribe: beat.subscribe,
    view,
    set,
    drafts,
    uploads,
    pictures: createPictures(client),
    account: createAccount({ client, set, forgetDrafts: drafts.forget, storage: localStorage }),
    matching: createMatching(client, view),
    updates: createUpdateCheck(client, view),
    people: createPeople(client),
    push: createPush(client),
    security: createSecurity(client),
    searching: createSearching(client),
    integrations: createIntegrations(client),
    ...createNavigation(client, view, nowMs),
    ...createComposing({ client, view, uploads, hurry: beat.hurry }),
    retryConnection: () => {
      client.stop();
      client.start();
    },
  };
}

/** What belongs to the page and not to the person stays. */
function signedOut({ install, hasUpdate, wasEnded }: ViewState): ViewState {
  return { ...initialView, install, hasUpdate, wasEnded, phase: 'signed-out' };
}

function downSince(connection: ConnectionSnapshot, since: number | undefined, nowMs: number): number | undefined {
  const isUp = connection.state === 'live' || connection.state === 'syncing' || connection.state === 'idle';
  return isUp ? undefined : (since ?? nowMs);
}

type ViewStore = StoreApi<ViewState>;

/** What belongs to one conversation and ends with leaving it. */
const nothingOpen = {
  editing: undefined,
  replying: undefined,
  dialog: undefined,
  place: undefined,
  panel: undefined,
  heldUnread: undefined,
};

function createNavigation(client: ChatClient, view: ViewStore, nowMs: () => number) {
  const select = (conversationId: string | undefined) => {
    const isSame = view.getState().selectedId === conversationId;
    view.setState({ ...(isSame ? { dialog: undefined } : nothingOpen), selectedId: conversationId, isAdminOpen: false });
  };
  return {
    select,
    /** Shows a message, wherever in its conversation it is. */
    goTo(conversationId: string, seq: number) {
      select(conversationId);
      view.setState({ place: { conversationId, seq, at: nowMs() } });
    },
    /** To a message of which only the id is known, such as the one that an answer quotes. */
    async goToMessage({ conversationId, messageId }: MessageRef) {
      const known = client.conversation(conversationId).messages.find(({ id }) => id === messageId);
      const { seq } = known ?? (await client.rest.message(conversationId, messageId));
      this.goTo(conversationId, seq);
    },
    focusComposer: () => view.setState(({ focusComposer }) => ({ focusComposer: focusComposer + 1 })),
    openDialog: (dialog: DialogName, dialogMessage?: MessageRef) => view.setState({ dialog, dialogMessage }),
    /** Of oneself: where it can be changed. */
    openPerson: (personId: string) => view.setState(personId === client.me()?.id ? { dialog: 'profile' } : { dialog: 'person', personId }),
    notify: (notice: StringKey) => view.setState({ notice }),
    /** Makes or joins a conversation and shows it. */
    async enter(make: (client: ChatClient) => Promise<{ id: string }>) {
      const { id } = await make(client);
      select(id);
    },
    async leave(conversationId: string) {
      await client.leave(conversationId);
      view.setState({ ...nothingOpen, selectedId: undefined, isDetailsOpen: false });
    },
    /** For everybody. */
    async removeConversation(conversationId: string) {
      await client.deleteConversation(conversationId);
      view.setState({ ...nothingOpen, selectedId: undefined, isDetailsOpen: false });
    },
    /** The message and those after it count as new again, until one leaves and comes back. */
    async markUnread(conversationId: string, seq: number) {
      view.setState({ heldUnread: { conversationId, seq } });
      await client.markUnread(conversationId, seq);
    },
    /** The conversation before (-1) or after (1) the open one in the list. */
    selectNext(step: 1 | -1, withUnread = false) {
      const ids = inOrder(client.conversations()).map(({ id }) => id);
      const { selectedId } = view.getState();
      const from = selectedId === undefined ? (step > 0 ? -1 : ids.length) : ids.indexOf(selectedId);
      const others = step > 0 ? ids.slice(from + 1) : ids.slice(0, Math.max(0, from)).toReversed();
      const next = others.find((id) => !withUnread || client.conversation(id).unread > 0);
      if (next) select(next);
    },
  };
}

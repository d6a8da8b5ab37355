import { createClient } from '@chatcluster/client';
import type { ChatClient, ConnectionSnapshot } from '@chatcluster/client/types';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { createAccount } from './account.ts';
import { createPeople } from './people.ts';

export type { ChatClient } from '@chatcluster/client/types';

export type Phase = 'restoring' | 'signed-out' | 'signed-in';
export type DialogName = 'new' | 'browse' | 'profile' | 'add-people' | 'rename' | 'report';

/** What this tab shows. What the account holds is in the SDK. */
export interface ViewState {
  phase: Phase;
  /** The session ended without the user asking for it. */
  wasEnded: boolean;
  selectedId: string | undefined;
  dialog: DialogName | undefined;
  isDetailsOpen: boolean;
  /** The administration lies over the conversations. */
  isAdminOpen: boolean;
  /** What the report dialog is about. */
  reporting: { userId: string; messageId?: string; conversationId?: string } | undefined;
  drafts: Readonly<Record<string, string>>;
  /** The message being edited or answered in the composer, by conversation. */
  editing: { conversationId: string; messageId: string } | undefined;
  replying: { conversationId: string; messageId: string } | undefined;
  /** Since when the connection is not up. */
  downSinceMs: number | undefined;
}

const initialView: ViewState = {
  phase: 'restoring',
  wasEnded: false,
  selectedId: undefined,
  dialog: undefined,
  isDetailsOpen: false,
  isAdminOpen: false,
  reporting: undefined,
  drafts: {},
  editing: undefined,
  replying: undefined,
  downSinceMs: undefined,
};

export type Model = ReturnType<typeof createModel>;

/** The view models of the app. Nothing else talks to the SDK. */
export function createModel(client: ChatClient = createClient(), nowMs: () => number = Date.now) {
  const view = createStore<ViewState>(() => initialView);
  const set = (part: Partial<ViewState>) => view.setState(part);
  client.on('connection', (connection) => set({ downSinceMs: downSince(connection, view.getState().downSinceMs, nowMs()) }));
  client.on('signed-out', ({ code }) => set({ ...initialView, phase: 'signed-out', wasEnded: code !== undefined }));
  client.on('conversation:removed', ({ conversationId }) => {
    if (view.getState().selectedId === conversationId) set({ selectedId: undefined });
  });
  return {
    client,
    view,
    set,
    account: createAccount(client, set),
    people: createPeople(client),
    ...createNavigation(client, view),
    ...createComposing(client, view),
    retryConnection: () => {
      client.stop();
      client.start();
    },
  };
}

function downSince(connection: ConnectionSnapshot, since: number | undefined, nowMs: number): number | undefined {
  const isUp = connection.state === 'live' || connection.state === 'syncing' || connection.state === 'idle';
  return isUp ? undefined : (since ?? nowMs);
}

type ViewStore = StoreApi<ViewState>;

function createNavigation(client: ChatClient, view: ViewStore) {
  return {
    select(conversationId: string | undefined) {
      view.setState({ selectedId: conversationId, editing: undefined, replying: undefined, dialog: undefined, isAdminOpen: false });
    },
    /** Makes or joins a conversation and shows it. */
    async enter(make: (client: ChatClient) => Promise<{ id: string }>) {
      const { id } = await make(client);
      view.setState({ selectedId: id, dialog: undefined });
    },
    async leave(conversationId: string) {
      await client.leave(conversationId);
      view.setState({ selectedId: undefined, isDetailsOpen: false });
    },
  };
}

function createComposing(client: ChatClient, view: ViewStore) {
  const saveDraft = (conversationId: string, text: string) =>
    view.setState(({ drafts }) => ({ drafts: { ...drafts, [conversationId]: text } }));
  return {
    saveDraft,
    startEdit: (conversationId: string, messageId: string) =>
      view.setState({ editing: { conversationId, messageId }, replying: undefined }),
    startReply: (conversationId: string, messageId: string) =>
      view.setState({ replying: { conversationId, messageId }, editing: undefined }),
    stopComposing: () => view.setState({ editing: undefined, replying: undefined }),
    /** Sends the text, as an answer where one was started. */
    send(conversationId: string, text: string) {
      const { replying } = view.getState();
      const replyTo = replying?.conversationId === conversationId ? replying.messageId : undefined;
      const mentions = findMentions(client, conversationId, text);
      client.send(conversationId, { body: text, ...(replyTo ? { replyTo } : {}), ...(mentions.length > 0 ? { mentions } : {}) });
      client.setTyping(conversationId, false);
      saveDraft(conversationId, '');
      view.setState({ replying: undefined });
    },
    async saveEdit(conversationId: string, messageId: string, text: string) {
      await client.edit(conversationId, messageId, text);
      view.setState({ editing: undefined });
    },
    /** The newest own message that can be edited: what the up arrow is for. */
    lastOwn(conversationId: string) {
      const meId = client.me()?.id;
      return client.conversation(conversationId).messages.findLast((m) => m.actorId === meId && m.deletedAt === undefined);
    },
  };
}

/** Members whose `@Name` is in the text. */
function findMentions(client: ChatClient, conversationId: string, text: string): string[] {
  if (!text.includes('@')) return [];
  const members = client.conversation(conversationId).members;
  return members.flatMap(({ userId }) => {
    const name = client.user(userId)?.displayName;
    return name && text.includes(`@${name}`) ? [userId] : [];
  });
}

import { createContext, type ReactNode, useCallback, useContext, useSyncExternalStore } from 'react';
import { type StoreApi, useStore } from 'zustand';
import type { Model, ViewState } from '../../state/model.ts';
import type { Prefs } from '../../state/prefs.ts';
import { type StringKey, translate } from '../../strings.ts';

interface AppContext {
  model: Model;
  prefs: StoreApi<Prefs>;
}

const Context = createContext<AppContext | undefined>(undefined);

export function AppProvider({ model, prefs, children }: AppContext & { children: ReactNode }) {
  return <Context value={{ model, prefs }}>{children}</Context>;
}

function useApp(): AppContext {
  const app = useContext(Context);
  if (!app) throw new Error('rendered outside of AppProvider');
  return app;
}

export function useModel(): Model {
  return useApp().model;
}

export function useView<T>(select: (view: ViewState) => T): T {
  return useStore(useApp().model.view, select);
}

export function usePrefs(): [Prefs, (part: Partial<Prefs>) => void] {
  const { prefs } = useApp();
  return [useStore(prefs), (part) => prefs.setState(part)];
}

/** A part of what the SDK holds. `read` must give the same object until something in it changed. */
export function useChat<T>(read: (client: Model['client']) => T): T {
  const { client, subscribe } = useApp().model;
  return useSyncExternalStore(subscribe, () => read(client));
}

export type Translate = (key: StringKey, values?: Readonly<Record<string, string | number>>) => string;

export function useText(): { t: Translate; language: Prefs['language'] } {
  const language = useStore(useApp().prefs, (prefs) => prefs.language);
  return { t: (key, values) => translate(language, key, values), language };
}

export function useUserName(userId: string | undefined): string {
  const { t } = useText();
  const name = useChat((client) => (userId ? client.user(userId)?.displayName : undefined));
  return name ?? t('someone');
}

/** The other person of a direct conversation. */
export function usePeerId(conversationId: string): string | undefined {
  return useChat((client) => {
    const { conversation, members } = client.conversation(conversationId);
    if (conversation?.kind !== 'direct') return undefined;
    const meId = client.me()?.id;
    return (conversation.members ?? members).find(({ userId }) => userId !== meId)?.userId;
  });
}

/** What a conversation is called: its title, the other person, or its people. */
export function useTitle(conversationId: string): string {
  const { t } = useText();
  return useChat((client) => titleIn(client, t, conversationId));
}

/** For lists of conversations of which the views are not known yet. */
export function useTitleOf(): (conversationId: string) => string {
  const { client } = useModel();
  const { t, language } = useText();
  // oxlint-disable-next-line react/exhaustive-deps -- `t` is another one each time; the language says when it changes
  return useCallback((conversationId) => titleIn(client, t, conversationId), [client, language]);
}

function titleIn(client: Model['client'], t: Translate, conversationId: string): string {
  const { conversation, members } = client.conversation(conversationId);
  if (conversation?.title) return conversation.title;
  if (!conversation) return t('untitledGroup');
  const meId = client.me()?.id;
  const others = (conversation.members ?? members).filter(({ userId }) => userId !== meId).slice(0, 3);
  return others.map(({ userId }) => client.user(userId)?.displayName ?? t('someone')).join(', ') || t('untitledGroup');
}

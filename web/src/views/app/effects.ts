import { useEffect, useRef } from 'react';
import { formatAddress, parseAddress } from '../../state/links.ts';
import type { ViewState } from '../../state/model.ts';
import { useChat, useModel, useText } from './context.tsx';

const TITLE_MS = 300;

/** What is open is in the address: reload, links and the back button of a phone work. */
export function useSelectionInAddress(): void {
  const model = useModel();
  useEffect(() => {
    const read = () => {
      const address = parseAddress(location.hash);
      if (address?.seq === undefined) model.select(address?.conversationId);
      else model.goTo(address.conversationId, address.seq);
    };
    const write = ({ selectedId, place }: ViewState) => {
      const hash = selectedId ? formatAddress({ conversationId: selectedId, seq: place?.seq }) : '#/';
      // Without a conversation only the address of one is replaced: another page of the app may have its own there.
      if (selectedId ? location.hash !== hash : parseAddress(location.hash)) history.pushState(null, '', hash);
    };
    if (parseAddress(location.hash)) read();
    const unsubscribe = model.view.subscribe((view, before) => {
      if (view.selectedId !== before.selectedId || (view.place && view.place !== before.place)) write(view);
    });
    addEventListener('popstate', read);
    return () => {
      unsubscribe();
      removeEventListener('popstate', read);
    };
  }, [model]);
}

/** Presence of the people on the screen: partners of direct conversations and members of the open one. */
export function usePresenceWatch(selectedId: string | undefined): void {
  const { client } = useModel();
  const ids = useChat((chat) => {
    const meId = chat.me()?.id;
    const open = selectedId ? chat.conversation(selectedId).members.map(({ userId }) => userId) : [];
    const partners = chat.conversations().flatMap((c) => (c.kind === 'direct' ? (c.members ?? []).map(({ userId }) => userId) : []));
    const all = new Set([...open, ...partners].filter((id) => id !== meId));
    return [...(meId ? [meId] : []), ...all].slice(0, 500).join(' ');
  });
  useEffect(() => client.watchPresence(ids.split(' ').filter(Boolean)), [client, ids]);
}

export function useUnreadTitle(): void {
  const { t } = useText();
  const unread = useChat((client) => client.conversations().reduce((sum, { id }) => sum + client.conversation(id).unread, 0));
  const name = t('appName');
  useEffect(() => {
    // What is read as soon as it comes counts for a moment only, and a new title costs more than a new message.
    const timer = setTimeout(() => {
      document.title = unread > 0 ? `(${unread}) ${name}` : name;
    }, TITLE_MS);
    return () => clearTimeout(timer);
  }, [unread, name]);
}

/** Drafts of other tabs come here; those of this one are written before the page goes. */
export function useDrafts(): void {
  const { drafts } = useModel();
  useEffect(() => {
    const adopt = ({ key, newValue }: StorageEvent) => drafts.adopt(key, newValue);
    addEventListener('storage', adopt);
    addEventListener('pagehide', drafts.write);
    return () => {
      removeEventListener('storage', adopt);
      removeEventListener('pagehide', drafts.write);
    };
  }, [drafts]);
}

/** The offer comes once, early, and only where the page can be installed. */
export function useInstallOffer(): void {
  const { set } = useModel();
  useEffect(() => {
    const keep = (event: Event) => {
      if (!('prompt' in event)) return;
      event.preventDefault();
      set({ install: event as Event & { prompt(): Promise<unknown> } });
    };
    const forget = () => set({ install: undefined });
    addEventListener('beforeinstallprompt', keep);
    addEventListener('appinstalled', forget);
    return () => {
      removeEventListener('beforeinstallprompt', keep);
      removeEventListener('appinstalled', forget);
    };
  }, [set]);
}

/** Mails to this person are written in the language of the app that was used last. */
export function useAccountLanguage(): void {
  const { client } = useModel();
  const { language } = useText();
  const told = useRef<string>(undefined);
  useEffect(() => {
    const me = client.me();
    // Not when another device says otherwise: two of them would never agree.
    if (!me || me.guest || (told.current ?? me.locale) === language) return;
    told.current = language;
    // When it fails the next visit tells.
    void client.rest.updateMe({ locale: language }).catch(() => undefined);
  }, [client, language]);
}

/** Notifications lead here, and go when what they tell was read on any device. */
export function usePush(): void {
  const model = useModel();
  useEffect(() => {
    const { client, push } = model;
    // Nobody waits for either, and both come again.
    void push.renew().catch(() => undefined);
    const forget = client.on('conversation:me', ({ conversationId, me }) => {
      if (me.unread === 0) void push.close(conversationId).catch(() => undefined);
    });
    const open = ({ data, ports }: MessageEvent<{ type?: string; conversationId?: string }>) => {
      const { selectedId, isAdminOpen } = model.view.getState();
      if (data.type === 'is-shown') ports[0]?.postMessage(!isAdminOpen && selectedId === data.conversationId);
      if (data.type === 'open-conversation' && data.conversationId) model.select(data.conversationId);
    };
    navigator.serviceWorker?.addEventListener('message', open);
    return () => {
      forget();
      navigator.serviceWorker?.removeEventListener('message', open);
    };
  }, [model]);
}

import { useEffect } from 'react';
import { useChat, useModel, useText } from './context.tsx';

const PREFIX = '#/c/';

function fromAddress(): string | undefined {
  return location.hash.startsWith(PREFIX) ? location.hash.slice(PREFIX.length) : undefined;
}

/** The open conversation is in the address: reload, links and the back button of a phone work. */
export function useSelectionInAddress(): void {
  const model = useModel();
  useEffect(() => {
    const read = () => model.select(fromAddress());
    const write = (selectedId: string | undefined) => {
      if (fromAddress() !== selectedId) history.pushState(null, '', selectedId ? PREFIX + selectedId : '#/');
    };
    if (fromAddress()) read();
    const unsubscribe = model.view.subscribe((view, before) => view.selectedId !== before.selectedId && write(view.selectedId));
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
    document.title = unread > 0 ? `(${unread}) ${name}` : name;
  }, [unread, name]);
}

import { useEffect } from 'react';
import type { ChatClient } from '../../state/model.ts';
import { useChat } from '../app/context.tsx';
import type { Scroller } from './MessageList.tsx';

/** More messages are asked for before the reader reaches an end of what is loaded. */
const AHEAD_PX = 800;

type Props = { client: ChatClient; conversationId: string; scroller: Scroller };

/** Asks for older and newer messages near the edges; also when the first page does not fill the height. */
export function EdgeLoader({ client, conversationId, scroller }: Props) {
  const isLoading = useChat((chat) => chat.conversation(conversationId).loading);
  const hasBefore = useChat((chat) => chat.conversation(conversationId).hasBefore);
  const hasAfter = useChat((chat) => chat.conversation(conversationId).hasAfter);
  useEffect(() => {
    const element = scroller.current;
    if (!element || isLoading) return;
    let isAsked = false;
    let isOver = false;
    const check = () => {
      if (isOver) return;
      const below = element.scrollHeight - element.scrollTop - element.clientHeight;
      const isAtTop = hasBefore && element.scrollTop <= AHEAD_PX;
      if (isAsked || (!isAtTop && !(hasAfter && below <= AHEAD_PX))) return;
      isAsked = true;
      // Next to both edges the older ones come first, then the newer ones: one page at a time.
      const page = isAtTop ? client.loadOlder(conversationId) : client.loadNewer(conversationId);
      page.then(
        () => {
          isAsked = false;
          // Nobody need have seen that it was loading; and one page may not be enough.
          requestAnimationFrame(check);
        },
        () => {
          // The next scroll asks again; the banner says when the connection is the reason.
          isAsked = false;
        },
      );
    };
    requestAnimationFrame(check);
    element.addEventListener('scroll', check, { passive: true });
    return () => {
      isOver = true;
      element.removeEventListener('scroll', check);
    };
  }, [client, conversationId, scroller, isLoading, hasBefore, hasAfter]);
  if (!isLoading) return null;
  return (
    <span
      aria-hidden
      className="dots pointer-events-none absolute top-3 left-1/2 flex -translate-x-1/2 gap-1 rounded-full bg-n1 p-2 shadow-float"
    >
      {[1, 2, 3].map((n) => (
        <i key={n} className="size-1.5 rounded-full bg-n9" />
      ))}
    </span>
  );
}

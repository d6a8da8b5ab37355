import { type RefObject, useCallback, useEffect } from 'react';
import { useModel } from '../app/context.tsx';
import { isLookedAt, PINNED_PX, useLookedAtAgain } from '../conversation/reading.ts';

interface Thread {
  conversationId: string;
  rootId: string;
  list: RefObject<HTMLElement | null>;
  /** Of the newest answer; undefined: there is none. */
  lastSeq: number | undefined;
}

/** At its end a thread is read while somebody looks at the page. */
export function useThreadReading({ conversationId, rootId, list, lastSeq }: Thread): () => void {
  const { client } = useModel();
  const look = useCallback(() => {
    const box = list.current;
    if (!box || lastSeq === undefined || !isLookedAt()) return;
    const belowPx = box.scrollHeight - box.scrollTop - box.clientHeight;
    if (belowPx <= PINNED_PX) client.threads.markRead(conversationId, rootId, lastSeq);
  }, [client, conversationId, rootId, list, lastSeq]);
  useEffect(look, [look]);
  useLookedAtAgain(look);
  return look;
}

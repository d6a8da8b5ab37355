import { useCallback, useEffect, useRef, useState } from 'react';
import { isUp } from '../../state/banner.ts';
import { useChat } from '../app/context.tsx';

/** Opens a list when it is first shown, and again when the connection comes back after a failure. */
export function useOpenedList(open: () => Promise<void>) {
  const [hasFailed, setFailed] = useState(false);
  const isConnected = useChat((client) => isUp(client.connection()));
  const latest = useRef(open);
  const load = useCallback(() => {
    latest.current().then(
      () => setFailed(false),
      () => setFailed(true),
    );
  }, []);
  useEffect(() => {
    if (isConnected) load();
  }, [load, isConnected]);
  return { hasFailed, load };
}

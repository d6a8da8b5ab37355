import { useEffect } from 'react';
import { parseAuthLink } from '../../state/auth-link.ts';
import { useModel } from '../app/context.tsx';

/** Takes a token out of the address at once: it must not stay in the history, nor be copied with the address. */
export function useLinkInAddress(): void {
  const { set } = useModel();
  useEffect(() => {
    const read = () => {
      const link = parseAuthLink(location.hash);
      if (!link) return;
      history.replaceState(null, '', '#/');
      set({ link });
    };
    read();
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, [set]);
}

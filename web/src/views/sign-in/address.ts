import { useEffect, useState } from 'react';
import { forgetAdminLink, rememberAdminLink } from '../../state/admin-link.ts';
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

/** The same for the link that makes the first administrator, which waits until somebody is signed in. */
export function useAdminLinkInAddress(): { token: string | undefined; done: () => void } {
  const [token, setToken] = useState(() => rememberAdminLink(location.hash, sessionStorage));
  useEffect(() => {
    const read = () => {
      setToken(rememberAdminLink(location.hash, sessionStorage));
      if (location.hash.startsWith('#/admin-link')) history.replaceState(null, '', '#/');
    };
    read();
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  const done = () => {
    forgetAdminLink(sessionStorage);
    setToken(undefined);
  };
  return { token, done };
}

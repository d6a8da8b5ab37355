import { useEffect } from 'react';
import { useChat, useModel } from '../app/context.tsx';

const ADDRESS = '#/admin';

/** The administration is in the address, as conversations are: reload and the back button work. */
export function useAdminInAddress(): void {
  const model = useModel();
  // What the device remembers may be from before somebody was made an administrator.
  const isAdmin = useChat((client) => client.me()?.admin === true);
  useEffect(() => {
    const read = () => model.set({ isAdminOpen: location.hash === ADDRESS && isAdmin });
    const write = (isOpen: boolean) => {
      if (isOpen && location.hash !== ADDRESS) history.pushState(null, '', ADDRESS);
      if (!isOpen && location.hash === ADDRESS) history.pushState(null, '', '#/');
    };
    read();
    const unsubscribe = model.view.subscribe((view, before) => view.isAdminOpen !== before.isAdminOpen && write(view.isAdminOpen));
    addEventListener('popstate', read);
    return () => {
      unsubscribe();
      removeEventListener('popstate', read);
    };
  }, [model, isAdmin]);
}

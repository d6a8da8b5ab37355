import { useEffect } from 'react';
import { useModel } from '../app/context.tsx';

const ADDRESS = '#/admin';

/** The administration is in the address, as conversations are: reload and the back button work. */
export function useAdminInAddress(): void {
  const model = useModel();
  useEffect(() => {
    const read = () => model.set({ isAdminOpen: location.hash === ADDRESS && model.client.me()?.admin === true });
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
  }, [model]);
}

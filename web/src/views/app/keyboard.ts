import { useEffect } from 'react';
import { decideShortcut, type Shortcut } from '../../state/keys.ts';
import type { Model } from '../../state/model.ts';
import { useModel } from './context.tsx';

const isTextField = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.matches('input, textarea, select') || target.isContentEditable);

/** Shortcuts of the whole app. What a dialog or the composer took for itself does not come here. */
export function useShortcuts(): void {
  const model = useModel();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
      const shortcut = decideShortcut({ key, ctrlKey, metaKey, altKey, shiftKey, isTyping: isTextField(event.target) });
      // An open dialog keeps its keys; from one to the other one goes with the switcher only.
      if (!shortcut || (model.view.getState().dialog && shortcut !== 'switcher')) return;
      if (shortcut !== 'close') event.preventDefault();
      run(model, shortcut);
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [model]);
}

function run(model: Model, shortcut: Shortcut): void {
  if (shortcut === 'switcher' || shortcut === 'help') model.openDialog(shortcut);
  else if (shortcut === 'close') close(model);
  else model.selectNext(shortcut.startsWith('next') ? 1 : -1, shortcut.endsWith('unread'));
}

/** What lies beside the conversation first, then back to writing. */
function close(model: Model): void {
  const { panel, isDetailsOpen } = model.view.getState();
  if (panel) model.set({ panel: undefined });
  else if (isDetailsOpen) model.set({ isDetailsOpen: false });
  model.focusComposer();
}

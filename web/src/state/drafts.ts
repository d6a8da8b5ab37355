import type { StoreApi } from 'zustand/vanilla';
import type { ChatClient, ViewState } from './model.ts';

const KEY = 'chat.drafts.';
const WRITE_AFTER_MS = 300;

type Drafts = Readonly<Record<string, string>>;
type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** A broken value is no drafts: an old tab must not break a new one. */
export function parseDrafts(stored: string | null): Drafts {
  try {
    const parsed: unknown = JSON.parse(stored ?? '{}');
    if (typeof parsed !== 'object' || parsed === null) return {};
    return Object.fromEntries(Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
  } catch {
    return {};
  }
}

/**
 * Keeps what was typed and not sent on this device, for each person apart. Signing out by oneself deletes it; a session that
 * ended keeps it for the next sign-in.
 */
export function createDrafts(client: ChatClient, view: StoreApi<ViewState>, storage: DraftStorage) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ownerId: string | undefined;
  /** Drafts on their way from the storage are not written there again. */
  let isReading = false;
  const read = (drafts: Drafts) => {
    isReading = true;
    view.setState({ drafts });
    isReading = false;
  };
  const write = () => {
    clearTimeout(timer);
    timer = undefined;
    if (ownerId === undefined) return;
    const kept = Object.fromEntries(Object.entries(view.getState().drafts).filter(([, text]) => text.trim() !== ''));
    // A full disk costs the draft after a reload, not the draft on the screen.
    try {
      if (Object.keys(kept).length === 0) storage.removeItem(KEY + ownerId);
      else storage.setItem(KEY + ownerId, JSON.stringify(kept));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  };
  view.subscribe(({ phase, drafts }, before) => {
    if (phase === 'signed-in' && before.phase !== 'signed-in') {
      ownerId = client.me()?.id;
      if (ownerId) read({ ...parseDrafts(storage.getItem(KEY + ownerId)), ...drafts });
    } else if (phase === 'signed-out') ownerId = undefined;
    else if (drafts !== before.drafts && !isReading) timer ??= setTimeout(write, WRITE_AFTER_MS);
  });
  return {
    write,
    /** Another tab wrote: its drafts are shown here, unless one is writing here. */
    adopt(key: string | null, value: string | null) {
      if (ownerId !== undefined && key === KEY + ownerId && timer === undefined) read(parseDrafts(value));
    },
    forget() {
      clearTimeout(timer);
      timer = undefined;
      if (ownerId) storage.removeItem(KEY + ownerId);
    },
  };
}

import { noHints, type NetworkHints } from './scheduler.ts';

/** The few parts of a browser that are used, so that the core needs no DOM types. */
interface BrowserLike {
  navigator?: { onLine?: boolean };
  document?: EventTarget & { visibilityState?: string };
  addEventListener?: EventTarget['addEventListener'];
  removeEventListener?: EventTarget['removeEventListener'];
  location?: { origin?: string };
}

const browser = globalThis as unknown as BrowserLike;

export function isBrowser(): boolean {
  return browser.document !== undefined;
}

export function pageOrigin(): string | undefined {
  return browser.location?.origin;
}

/** `online`, `offline` and coming to the foreground; nothing outside a browser. */
export function browserHints(): NetworkHints {
  const page = browser.document;
  if (page === undefined) return noHints;
  return {
    isOnline: () => browser.navigator?.onLine ?? true,
    listen(listener) {
      const online = () => listener('online');
      const offline = () => listener('offline');
      const visible = () => page.visibilityState === 'visible' && listener('visible');
      browser.addEventListener?.('online', online);
      browser.addEventListener?.('offline', offline);
      page.addEventListener('visibilitychange', visible);
      return () => {
        browser.removeEventListener?.('online', online);
        browser.removeEventListener?.('offline', offline);
        page.removeEventListener('visibilitychange', visible);
      };
    },
  };
}

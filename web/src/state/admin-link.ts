const KEY = 'admin-link';
const LINK = /^#\/admin-link\?token=([\w-]{32,256})$/;

/** The token of the link that this page was opened by; it survives the way over a sign-in, on this tab only. */
export function rememberAdminLink(hash: string, storage: Storage): string | undefined {
  const [, token] = LINK.exec(hash) ?? [];
  if (token) storage.setItem(KEY, token);
  return token ?? storage.getItem(KEY) ?? undefined;
}

/** It is used, or not wanted. */
export function forgetAdminLink(storage: Storage): void {
  storage.removeItem(KEY);
}

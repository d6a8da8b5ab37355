/** First value of a cookie; a value that is not what we set (quoted, encoded) is given as it is and fails later. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

export const ACCESS_COOKIE = 'chat_access';
export const REFRESH_COOKIE = 'chat_refresh';

const PREFIX = '#/c/';

export interface Address {
  conversationId: string;
  /** Of the message that the link leads to. */
  seq?: number;
}

/** `#/c/<conversation>` or `#/c/<conversation>/<seq>`; anything else leads nowhere. */
export function parseAddress(hash: string): Address | undefined {
  const [, conversationId, seq] = /^#\/c\/([\w-]+)(?:\/(\d{1,15}))?$/.exec(hash) ?? [];
  if (!conversationId) return undefined;
  return seq === undefined ? { conversationId } : { conversationId, seq: Number(seq) };
}

export function formatAddress({ conversationId, seq }: Address): string {
  return PREFIX + conversationId + (seq === undefined ? '' : `/${seq}`);
}

/** What "copy link" copies. It works for members of the conversation only. */
export function messageLink(origin: string, conversationId: string, seq: number): string {
  return `${origin}/${formatAddress({ conversationId, seq })}`;
}

/** A link to a message of this very installation, which is opened here and not in a new tab. */
export function parseOwnLink(href: string, origin: string): Address | undefined {
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  return url.origin === origin && url.pathname === '/' ? parseAddress(url.hash) : undefined;
}

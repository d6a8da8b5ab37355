/** What the part of the address after # asks for: see the links in mails and the way back from identity providers. */
export interface AuthLink {
  page: 'verify' | 'reset' | 'mfa' | 'failed';
  /** The token, or why it failed. */
  value: string;
}

const pages: Readonly<Record<string, AuthLink['page']>> = { verify: 'verify', reset: 'reset', mfa: 'mfa', 'sign-in-failed': 'failed' };

export function parseAuthLink(hash: string): AuthLink | undefined {
  const [, name = '', value = ''] = /^#\/(verify|reset|mfa|sign-in-failed)\/([\w.-]{1,300})$/.exec(hash) ?? [];
  const page = pages[name];
  return page && { page, value };
}

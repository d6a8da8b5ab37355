import type { SessionInfo } from '@chatcluster/protocol';
import type { ChatClient } from '@chatcluster/client/types';

export type { SessionInfo } from '@chatcluster/protocol';
export type { SignInMethods } from '@chatcluster/client';

/** What the account dialog does. */
export function createSecurity(client: ChatClient) {
  return {
    methods: () => client.account.methods(),
    /** The one of this device first. */
    async sessions(): Promise<SessionInfo[]> {
      const { items } = await client.rest.sessions();
      return items.toSorted((a, b) => Number(b.current) - Number(a.current));
    },
    endSession: (id: string) => client.rest.endSession(id),
    changePassword: (currentPassword: string, newPassword: string) => client.rest.changePassword({ currentPassword, newPassword }),
    /** True: a link was sent to the new address. */
    changeEmail: async (email: string, password: string) =>
      'mailSent' in (await client.account.changeEmail({ email, ...(password ? { password } : {}) })),
    /** True: a link was sent. */
    upgrade: async (email: string, password: string) => 'mailSent' in (await client.account.upgrade({ email, password })),
    setUpTotp: (password: string) => client.account.setUpTotp(password ? { password } : {}),
    confirmTotp: async (code: string) => (await client.account.confirmTotp(code)).recoveryCodes,
    becomeAdmin: (token: string) => client.account.becomeAdmin(token),
    removeTotp: (proof: { password?: string; code?: string }) => client.account.removeTotp(proof),
  };
}

/** `Firefox on Linux` from what a browser says of itself; undefined when it says nothing known. */
export function deviceName(userAgent: string | undefined): string | undefined {
  if (!userAgent) return undefined;
  const find = (names: readonly [RegExp, string][]) => names.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = find([
    [/Edg\//, 'Edge'],
    [/OPR\//, 'Opera'],
    [/Firefox\//, 'Firefox'],
    [/Chrome\//, 'Chrome'],
    [/Safari\//, 'Safari'],
    [/^node|undici/i, 'Node.js'],
  ]);
  const system = find([
    [/iPhone|iPad/, 'iOS'],
    [/Android/, 'Android'],
    [/Windows/, 'Windows'],
    [/Mac OS X/, 'macOS'],
    [/Linux/, 'Linux'],
  ]);
  if (!browser) return system;
  return system ? `${browser}, ${system}` : browser;
}

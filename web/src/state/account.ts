import { ChatError } from '@chatcluster/client';
import type { ChatClient, SignedIn } from '@chatcluster/client/types';
import type { StringKey } from '../strings.ts';
import type { ViewState } from './model.ts';

type ErrorCode = ChatError['code'];
/** Texts for what means something of its own in one place. */
export type ErrorWords = Partial<Record<ErrorCode, StringKey>>;

const everywhere: ErrorWords = {
  invalid: 'errorInvalid',
  rate_limited: 'errorRate',
  unavailable: 'errorNetwork',
  overloaded: 'errorNetwork',
};

export const signInWords: ErrorWords = {
  unauthenticated: 'errorCredentials',
  forbidden: 'errorForbiddenHere',
  conflict: 'errorConflict',
};

/** Which text explains a failure. */
export function errorText(error: unknown, words: ErrorWords = {}): StringKey {
  if (!(error instanceof ChatError)) return error instanceof TypeError ? 'errorNetwork' : 'errorUnknown';
  return words[error.code] ?? everywhere[error.code] ?? 'errorUnknown';
}

/** Stands while the server has not been told that this device signed out: its cookie is still good. */
const LEAVING = 'chat.leaving';

interface AccountDeps {
  client: ChatClient;
  set(part: Partial<ViewState>): void;
  forgetDrafts(): void;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

/** Signing in and out, by the client's cookies. */
export function createAccount({ client, set, forgetDrafts, storage }: AccountDeps) {
  /** Without a network it is said at the next start, before anything else. */
  const leave = async () => {
    storage.setItem(LEAVING, 'yes');
    await client.logout().catch((error: unknown) => {
      // No session is left to be ended: that is what was wanted.
      if (!(error instanceof ChatError && error.code === 'unauthenticated')) throw error;
    });
    storage.removeItem(LEAVING);
  };
  /** False: something else has to happen before one is in. */
  const enter = <T extends object>(result: T | SignedIn): result is SignedIn => {
    if (!('sessionId' in result)) return false;
    storage.removeItem(LEAVING);
    client.start();
    set({ phase: 'signed-in', wasEnded: false, link: undefined });
    return true;
  };
  return {
    /** The proof of the password, where a second factor is asked for. */
    async login(email: string, password: string): Promise<string | undefined> {
      const result = await client.login({ email, password });
      return enter(result) ? undefined : result.mfaToken;
    },
    async verifyCode(mfaToken: string, code: string) {
      enter(await client.account.verifyTotp({ mfaToken, code }));
    },
    /** True: a link was sent by mail. */
    async register(email: string, password: string, displayName: string): Promise<boolean> {
      return !enter(await client.register({ email, password, displayName }));
    },
    async guest(displayName: string) {
      enter(await client.guest(displayName ? { displayName } : {}));
    },
    /** By the link of a mail. The address, where the link only changed it. */
    async verifyEmail(token: string): Promise<string | undefined> {
      const result = await client.account.verifyEmail(token);
      return enter(result) ? undefined : result.user.email;
    },
    options: () => client.account.options(),
    forgotPassword: (email: string) => client.account.forgotPassword(email),
    resetPassword: (token: string, password: string) => client.account.resetPassword({ token, password }),
    /** Restores the session of the cookie; without one, or without a server, the sign-in page is shown. */
    async restore() {
      if (storage.getItem(LEAVING) !== null) {
        await leave().catch(() => undefined);
        return set({ phase: 'signed-out' });
      }
      const signedIn = await client.resume().catch(() => undefined);
      if (!signedIn) return set({ phase: 'signed-out' });
      client.start();
      set({ phase: 'signed-in' });
    },
    /** For good: nothing of this account is left on this device either. */
    async delete(password: string) {
      await client.rest.deleteMe(password ? { password } : {});
      forgetDrafts();
      set({ phase: 'signed-out', wasEnded: false, selectedId: undefined, drafts: {} });
      // The session has ended with the account; this only forgets it here.
      await client.logout().catch(() => undefined);
    },
    async logout() {
      forgetDrafts();
      // First, so that no view asks for people on behalf of nobody.
      set({ phase: 'signed-out', wasEnded: false, selectedId: undefined, drafts: {} });
      await leave();
    },
  };
}

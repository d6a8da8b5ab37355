import { ChatError } from '@chatcluster/client';
import type { ChatClient, SignedIn } from '@chatcluster/client/types';
import type { StringKey } from '../strings.ts';
import type { ViewState } from './model.ts';

/** Which text explains a failure. `isSignIn`: there `unauthenticated` means a wrong password. */
export function errorText(error: unknown, isSignIn = false): StringKey {
  if (!(error instanceof ChatError)) return error instanceof TypeError ? 'errorNetwork' : 'errorUnknown';
  if (error.code === 'unauthenticated') return isSignIn ? 'errorCredentials' : 'errorUnknown';
  if (error.code === 'forbidden') return isSignIn ? 'errorForbiddenHere' : 'errorUnknown';
  if (error.code === 'conflict') return isSignIn ? 'errorConflict' : 'errorUnknown';
  if (error.code === 'invalid') return 'errorInvalid';
  if (error.code === 'rate_limited') return 'errorRate';
  return error.code === 'unavailable' || error.code === 'overloaded' ? 'errorNetwork' : 'errorUnknown';
}

/** Signing in and out, by the client's cookies. */
export function createAccount(client: ChatClient, set: (part: Partial<ViewState>) => void, forgetDrafts: () => void) {
  const enter = async (signingIn: Promise<SignedIn>) => {
    await signingIn;
    client.start();
    set({ phase: 'signed-in', wasEnded: false });
  };
  return {
    login: (email: string, password: string) => enter(client.login({ email, password })),
    register: (email: string, password: string, displayName: string) => enter(client.register({ email, password, displayName })),
    guest: (displayName: string) => enter(client.guest(displayName ? { displayName } : {})),
    /** Restores the session of the cookie; without one, or without a server, the sign-in page is shown. */
    async restore() {
      const signedIn = await client.resume().catch(() => undefined);
      if (!signedIn) return set({ phase: 'signed-out' });
      client.start();
      set({ phase: 'signed-in' });
    },
    /** For good: nothing of this account is left on this device either. */
    async delete() {
      await client.rest.deleteMe();
      forgetDrafts();
      set({ phase: 'signed-out', wasEnded: false, selectedId: undefined, drafts: {} });
      // The session has ended with the account; this only forgets it here.
      await client.logout().catch(() => undefined);
    },
    async logout() {
      forgetDrafts();
      // First, so that no view asks for people on behalf of nobody.
      set({ phase: 'signed-out', wasEnded: false, selectedId: undefined, drafts: {} });
      await client.logout();
    },
  };
}

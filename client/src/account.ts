import type { AuthResult, OwnUser } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Call } from './rest.ts';
import type { Scheduler } from './scheduler.ts';
import type { Session } from './session.ts';
import type { MailSent, MfaChallenge, SignedIn } from './types.ts';

/** What an installation offers for signing in. */
export interface SignInOptions {
  items: { name: string; type: 'oidc' | 'github'; label: string; startUrl: string }[];
  guests: boolean;
  /** Whether mail is sent: forgotten passwords can be reset, and sign-ups are confirmed. */
  mail: boolean;
  challenge: boolean;
}

export interface SignInMethods {
  password: boolean;
  totp: boolean;
  recoveryCodesLeft: number;
  /** Names of the identity providers that are linked. */
  providers: string[];
}

export interface AccountDeps {
  session: Pick<Session, 'open' | 'call' | 'signIn' | 'adopt'>;
  scheduler: Scheduler;
  /** Forgets what belongs to the session of before. */
  clear(): void;
  /** Makes a session that was taken over the client's. */
  signedIn(): Promise<SignedIn>;
  /** The record of oneself is another. */
  changed(): void;
}

export type AccountApi = ReturnType<typeof createAccountApi>;

/** Accounts: signing up and in, links of mails, the second factor. Each call throws a `ChatError`. */
export function createAccountApi({ session, scheduler, clear, signedIn, changed }: AccountDeps) {
  const open = (request: Parameters<Session['open']>[0]) => session.open<unknown>(request);
  const call: Call = (request) => session.call(request);
  const post = (path: string, body: object) => open({ method: 'POST', path, body });

  async function adopt(result: AuthResult | { user: OwnUser }): Promise<void> {
    await session.adopt(result);
    changed();
  }

  /** Only an answer with a session replaces the one that there is. */
  async function signIn(path: string, input: object): Promise<SignedIn | object> {
    const result = (await session.signIn(path, input)) as AuthResult | { user: OwnUser } | MailSent | MfaChallenge;
    if (!('accessToken' in result)) {
      if ('user' in result) await adopt(result);
      return result;
    }
    clear();
    await session.adopt(result);
    return signedIn();
  }

  /** Does the proof of work where one is asked for. */
  async function signUp(path: string, input: object): Promise<SignedIn | object> {
    try {
      return await signIn(path, input);
    } catch (error) {
      if (!isChallenged(error)) throw error;
      const challenge = (await open({ method: 'GET', path: '/v1/auth/challenge' })) as { challenge: string; difficulty: number };
      const { findProof } = await import('./proof.ts');
      return signIn(path, { ...input, proof: await findProof(challenge, scheduler) });
    }
  }

  return {
    /** How one can sign in here. */
    options: async () => (await open({ method: 'GET', path: '/v1/auth/providers' })) as SignInOptions,
    register: async (input: { email: string; password: string; displayName: string }) =>
      (await signUp('/v1/auth/register', input)) as SignedIn | MailSent,
    guest: async (input: { displayName?: string }) => (await signUp('/v1/auth/guest', input)) as SignedIn,
    login: async (input: { email: string; password: string }) => (await signIn('/v1/auth/login', input)) as SignedIn | MfaChallenge,
    /** Ends a sign-in that needs a second factor: a code of the app, or a recovery code. */
    verifyTotp: async (input: { mfaToken: string; code: string }) => (await signIn('/v1/auth/totp/verify', input)) as SignedIn,
    /** Asks for a link to a new password; says nothing about whether there is such an account. */
    forgotPassword: async (email: string) => void (await post('/v1/auth/password/forgot', { email })),
    /** By the token of that link. Every session of the account ends. */
    resetPassword: async (input: { token: string; password: string }) => void (await post('/v1/auth/password/reset', input)),
    /** By the token of a mail. A sign-up or upgrade signs in; a changed address does not. */
    async verifyEmail(token: string): Promise<SignedIn | { user: OwnUser }> {
      return (await signIn('/v1/auth/email/verify', { token })) as SignedIn | { user: OwnUser };
    },
    /** The guest becomes a user and keeps everything. Where mail is sent, a link comes first. */
    async upgrade(body: { email: string; password: string }): Promise<OwnUser | MailSent> {
      const result = await call<AuthResult | MailSent>({ method: 'POST', path: '/v1/auth/upgrade', body });
      if (!('user' in result)) return result;
      await adopt(result);
      return result.user;
    },
    /** Where mail is sent, the address changes by the link in it. */
    async changeEmail(body: { email: string; password?: string }): Promise<OwnUser | MailSent> {
      const result = await call<OwnUser | MailSent>({ method: 'POST', path: '/v1/auth/email/change', body });
      if ('id' in result) await adopt({ user: result });
      return result;
    },
    /** By the token of the link that whoever runs the installation has: makes the first administrator. It works once. */
    async becomeAdmin(token: string): Promise<OwnUser> {
      const user = await call<OwnUser>({ method: 'POST', path: '/v1/auth/admin-link', body: { token } });
      await adopt({ user });
      return user;
    },
    /** What others see of oneself; an empty status takes it away. */
    async updateProfile(body: { displayName?: string; statusText?: string }): Promise<OwnUser> {
      const user = await call<OwnUser>({ method: 'PATCH', path: '/v1/users/me', body });
      await adopt({ user });
      return user;
    },
    methods: () => call<SignInMethods>({ method: 'GET', path: '/v1/auth/methods' }),
    /** Begins to switch the second factor on. */
    setUpTotp: (body: { password?: string }) => call<{ secret: string; uri: string }>({ method: 'POST', path: '/v1/auth/totp', body }),
    /** Switches it on; the codes are given this once. */
    confirmTotp: (code: string) => call<{ recoveryCodes: string[] }>({ method: 'POST', path: '/v1/auth/totp', body: { code } }),
    removeTotp: (body: { password?: string; code?: string }) => call<void>({ method: 'DELETE', path: '/v1/auth/totp', body }),
  };
}

function isChallenged(error: unknown): boolean {
  if (!(error instanceof ChatError) || error.code !== 'forbidden') return false;
  return (error.details as { challenge?: unknown } | undefined)?.challenge === 'required';
}

import type { OwnUser } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import * as oidc from 'openid-client';
import type { ProviderSettings } from '../../config/accounts.ts';
import { uuidV7 } from '../../ids.ts';
import type { SafeFetch } from '../../net/safe-fetch.ts';
import { findIdentity, insertIdentity, insertPerson } from '../../store/sql/identities.ts';
import { findCredentialsByEmail, findCredentialsById } from '../../store/sql/user-accounts.ts';
import type { AccountDeps } from '../accounts.ts';
import type { MfaChallenge } from '../second-factor.ts';
import { createSignIn, type Device, type SignedIn } from '../sign-in.ts';
import { createGitHubProvider } from './github.ts';
import { createGuardedFetch } from './guarded-fetch.ts';
import { createOidcProvider } from './oidc.ts';
import type { Attempt, ExternalPerson, Provider } from './provider.ts';

const LIFETIME_SECONDS = 600;

export interface ProviderDeps extends AccountDeps {
  settings: ProviderSettings[];
  /** Undefined only where no provider is configured. */
  publicUrl: string | undefined;
  safeFetch: SafeFetch;
}

export interface SignInWith {
  list(): { name: string; type: 'oidc' | 'github'; label: string }[];
  /** Where to send the browser, and what to leave in its cookie until it comes back. */
  start(name: string, returnTo: string | undefined): Promise<{ location: string; state: string; sealed: string; lifetimeSeconds: number }>;
  /** `path`: of the callback with its query; `sealed`: of the cookie for its state. */
  finish(
    name: string,
    input: { path: string; sealed: string | undefined },
    device: Device,
  ): Promise<{ result: SignedIn | MfaChallenge; returnTo: string }>;
}

interface Kept extends Attempt {
  provider: string;
  returnTo: string;
  /** Unix time in seconds. */
  ends: number;
}

export function createSignInWith(deps: ProviderDeps): SignInWith {
  const { settings, publicUrl = '', keys } = deps;
  const providers = new Map(settings.map((each) => [each.name, createProvider(each, deps.safeFetch)]));
  const redirectUri = (name: string) => `${publicUrl.replace(/\/$/, '')}/v1/auth/providers/${name}/callback`;
  const require = (name: string): Provider => {
    const provider = providers.get(name);
    if (!provider) throw new ChatError('not_found', { message: 'There is no such identity provider.' });
    return provider;
  };

  return {
    list: () => settings.map(({ name, type, label }) => ({ name, type, label })),
    async start(name, returnTo) {
      const attempt = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier: oidc.randomPKCECodeVerifier() };
      const location = await require(name).start(redirectUri(name), attempt);
      const kept: Kept = {
        ...attempt,
        provider: name,
        returnTo: ownPath(returnTo),
        ends: Math.floor(Date.now() / 1_000) + LIFETIME_SECONDS,
      };
      return { location: location.href, state: attempt.state, sealed: seal(keys, kept), lifetimeSeconds: LIFETIME_SECONDS };
    },
    async finish(name, { path, sealed }, device) {
      const provider = require(name);
      const kept = sealed === undefined ? undefined : unseal(keys, sealed);
      if (!kept || kept.provider !== name || kept.ends * 1_000 < Date.now()) {
        throw new ChatError('unauthenticated', { message: 'Signing in took too long, or was begun in another browser; try again.' });
      }
      const { search } = new URL(path, redirectUri(name));
      const person = await provider.finish(new URL(redirectUri(name) + search), kept);
      return { result: await enter(deps, { provider: name, person }, device), returnTo: kept.returnTo };
    },
  };
}

function createProvider(settings: ProviderSettings, safeFetch: SafeFetch): Provider {
  const fetch = createGuardedFetch(settings.issuer, safeFetch);
  return settings.type === 'github' ? createGitHubProvider(settings, fetch) : createOidcProvider(settings, fetch);
}

/** Never to another site: a path of ours, or the start page. */
function ownPath(path: string | undefined): string {
  return path !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(path) ? path : '/';
}

function seal(keys: AccountDeps['keys'], kept: Kept): string {
  const body = Buffer.from(JSON.stringify(kept)).toString('base64url');
  return `${body}.${keys.mac(`provider.${body}`).toString('base64url')}`;
}

function unseal(keys: AccountDeps['keys'], sealed: string): Kept | undefined {
  const [, body, mac] = /^([A-Za-z0-9_-]{1,3000})\.([A-Za-z0-9_-]{43})$/.exec(sealed) ?? [];
  if (body === undefined || mac === undefined || !keys.isMac(`provider.${body}`, Buffer.from(mac, 'base64url'))) return undefined;
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as Kept;
}

async function enter(
  deps: ProviderDeps,
  who: { provider: string; person: ExternalPerson },
  device: Device,
): Promise<SignedIn | MfaChallenge> {
  const userId = await resolve(deps, who, device);
  const found = await findCredentialsById(deps.db, userId);
  if (!found) throw new ChatError('unauthenticated');
  if (found.hasTotp) return deps.secondFactor.challenge(found);
  return createSignIn(deps).begin(found.user, device);
}

/** Linked before; or by an address that both sides have verified; or a new account. */
async function resolve(
  deps: ProviderDeps,
  { provider, person }: { provider: string; person: ExternalPerson },
  device: Device,
): Promise<string> {
  const { db, log, adminEmails } = deps;
  const { subject, email, displayName } = person;
  const linked = await findIdentity(db, provider, subject);
  if (linked) return linked;
  const known = email === undefined ? null : await findCredentialsByEmail(db, email);
  if (known) {
    // Somebody may have registered the address of another person and wait for them to come by this way.
    if (!known.user.emailVerified) {
      throw new ChatError('conflict', {
        message: 'An account with this address exists, but the address was never confirmed; sign in by password.',
      });
    }
    await insertIdentity(db, { provider, subject, userId: known.user.id });
    log.info({ userId: known.user.id, provider }, 'identity linked by verified address');
  } else {
    const name = displayName?.trim().slice(0, 80) || email?.split('@')[0] || provider;
    const made = await insertPerson(db, { id: uuidV7(), provider, subject, email: email ?? null, displayName: name, admins: adminEmails });
    if (made) await welcome(deps, made, device);
  }
  // Whoever was first, here or in another tab, is who it is.
  const now = await findIdentity(db, provider, subject);
  if (!now) throw new ChatError('conflict', { message: 'Somebody else just registered this address; try again.' });
  return now;
}

async function welcome({ log, mail }: ProviderDeps, user: OwnUser, device: Device): Promise<void> {
  log.info({ userId: user.id }, 'account registered');
  await mail?.notify('welcome', user, device);
}

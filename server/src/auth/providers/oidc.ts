import * as oidc from 'openid-client';
import type { ProviderSettings } from '../../config/accounts.ts';
import { translate } from './failures.ts';
import type { ExternalPerson, Provider } from './provider.ts';

const TIMEOUT_SECONDS = 10;
/** Keys are looked up by the library when an unknown one appears; endpoints move rarely. */
const DISCOVERY_MS = 3_600_000;

/** Any issuer that speaks OpenID Connect. The nonce and PKCE bind the answer to the browser that asked. */
export function createOidcProvider(settings: ProviderSettings, fetch: oidc.CustomFetch): Provider {
  let found: { config: Promise<oidc.Configuration>; until: number } | undefined;

  function discover(): Promise<oidc.Configuration> {
    if (found && found.until > performance.now()) return found.config;
    const config = oidc.discovery(new URL(settings.issuer), settings.clientId, settings.clientSecret, undefined, {
      [oidc.customFetch]: fetch,
      timeout: TIMEOUT_SECONDS,
      // The administrator has written http: a provider on the same machine, or in the same cluster.
      execute: settings.issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [],
    });
    found = { config, until: performance.now() + DISCOVERY_MS };
    config.catch(() => (found = undefined));
    return config;
  }

  return {
    name: settings.name,
    start: (redirectUri, { state, nonce, verifier }) =>
      translate(settings.name, async () =>
        oidc.buildAuthorizationUrl(await discover(), {
          redirect_uri: redirectUri,
          scope: 'openid email profile',
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        }),
      ),
    finish: (callback, { state, nonce, verifier }) =>
      translate(settings.name, async () => {
        const config = await discover();
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
        const tokens = await oidc.authorizationCodeGrant(config, callback, checks);
        const claims = tokens.claims()!;
        const hasEmail = claims.email !== undefined || config.serverMetadata().userinfo_endpoint === undefined;
        const more = hasEmail ? {} : await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
        return toPerson({ ...claims, ...more });
      }),
  };
}

function toPerson(claims: Record<string, unknown>): ExternalPerson {
  const text = (name: string) => (typeof claims[name] === 'string' && claims[name] !== '' ? claims[name] : undefined);
  return {
    subject: text('sub') ?? '',
    email: claims.email_verified === true ? text('email')?.toLowerCase() : undefined,
    displayName: text('name') ?? text('preferred_username') ?? text('nickname'),
  };
}

import * as oidc from 'openid-client';
import { z } from 'zod';
import type { ProviderSettings } from '../../config/accounts.ts';
import { translate } from './failures.ts';
import type { Provider } from './provider.ts';

const user = z.object({ id: z.number(), login: z.string(), name: z.string().nullish() });
const emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** GitHub speaks OAuth 2 and not OpenID Connect: who it is, and which addresses are verified, is asked of its API. */
export function createGitHubProvider(settings: ProviderSettings, fetch: oidc.CustomFetch): Provider {
  const base = settings.issuer.replace(/\/$/, '');
  const api = base === 'https://github.com' ? 'https://api.github.com' : `${base}/api/v3`;
  const config = new oidc.Configuration(
    {
      issuer: base,
      authorization_endpoint: `${base}/login/oauth/authorize`,
      token_endpoint: `${base}/login/oauth/access_token`,
    },
    settings.clientId,
    undefined,
    oidc.ClientSecretPost(settings.clientSecret),
  );
  config[oidc.customFetch] = fetch;
  if (base.startsWith('http:')) oidc.allowInsecureRequests(config);

  async function ask<T>(schema: z.ZodType<T>, token: string, path: string): Promise<T> {
    const headers = new Headers({ accept: 'application/vnd.github+json', 'user-agent': 'chatcluster' });
    const answer = await oidc.fetchProtectedResource(config, token, new URL(api + path), 'GET', undefined, headers);
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
    return schema.parse(await answer.json());
  }

  return {
    name: settings.name,
    start: (redirectUri, { state, verifier }) =>
      translate(settings.name, async () =>
        oidc.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope: 'read:user user:email',
          state,
          code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        }),
      ),
    finish: (callback, { state, verifier }) =>
      translate(settings.name, async () => {
        const tokens = await oidc.authorizationCodeGrant(config, callback, { expectedState: state, pkceCodeVerifier: verifier });
        const { id, login, name } = await ask(user, tokens.access_token, '/user');
        const found = (await ask(emails, tokens.access_token, '/user/emails')).find((each) => each.primary && each.verified);
        return { subject: String(id), email: found?.email.toLowerCase(), displayName: name || login };
      }),
  };
}

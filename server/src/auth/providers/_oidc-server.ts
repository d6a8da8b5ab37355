import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export interface TestIssuer extends AsyncDisposable {
  issuer: string;
  /** Who signs in at the next visit. */
  person: { sub: string; email?: string; email_verified?: boolean; name?: string };
}

/** On a free port of this machine. */
export async function listen(handler: (origin: string) => RequestListener): Promise<{ origin: string } & AsyncDisposable> {
  const server: Server = createServer((req, res) => handle(req, res));
  let handle: RequestListener = (_req, res) => void res.end();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  handle = handler(origin);
  return {
    origin,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

export interface IssuerOptions {
  clientId: string;
  clientSecret: string;
  redirectUri: string;
}

/** A whole OpenID Connect provider that asks nobody anything: every visitor is `person`. */
export async function startIssuer({ clientId, clientSecret, redirectUri }: IssuerOptions): Promise<TestIssuer> {
  const test: Pick<TestIssuer, 'person'> = { person: { sub: 'nobody' } };
  const http = await listen((origin) => {
    const provider = new Provider(origin, {
      clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri], grant_types: ['authorization_code'] }],
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      cookies: { keys: ['test'] },
      findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...test.person, sub }) }),
      // What a person would answer to the two questions of a provider.
      interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
      loadExistingGrant: async (ctx) => {
        const { client, session, params } = ctx.oidc;
        const grant = new provider.Grant({ clientId: client!.clientId, accountId: session!.accountId! });
        grant.addOIDCScope(String(params!.scope));
        await grant.save();
        return grant;
      },
    });
    const callback = provider.callback();
    return (req, res) => {
      if (!isInteraction(req)) return void callback(req, res);
      void provider.interactionFinished(req, res, { login: { accountId: test.person.sub } }, { mergeWithLastSubmission: false });
    };
  });
  return Object.assign(test, { issuer: http.origin, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() });
}

function isInteraction(req: IncomingMessage): boolean {
  return req.url?.startsWith('/interaction/') ?? false;
}

/** What the browser does at the provider, up to the address that leads back to `ours`. */
export async function visit(first: string, ours: string): Promise<URL> {
  const jar = new Map<string, string>();
  let url = new URL(first);
  for (let hop = 0; hop < 10; hop += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: { cookie } });
    for (const set of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      jar.set(name, value);
    }
    const next = answer.headers.get('location');
    if (next === null) throw new Error(`the provider answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
    url = new URL(next, url);
    if (url.origin === ours) return url;
  }
  throw new Error('the provider led nowhere');
}

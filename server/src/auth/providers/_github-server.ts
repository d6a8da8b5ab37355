import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './_oidc-server.ts';

export interface TestGitHub extends AsyncDisposable {
  origin: string;
  person: { id: number; login: string; name: string | null; emails: { email: string; primary: boolean; verified: boolean }[] };
  /** Whether the person says no. */
  refuses: boolean;
}

/** The endpoints of GitHub's web application flow and the two calls of its API, as its documentation describes them. */
export async function startGitHub(client: { clientId: string; clientSecret: string }): Promise<TestGitHub> {
  const state: Pick<TestGitHub, 'person' | 'refuses'> = { person: { id: 1, login: 'octo', name: null, emails: [] }, refuses: false };
  const codes = new Map<string, string>();
  const tokens = new Set<string>();
  const random = () => randomBytes(20).toString('hex');
  const json = (res: ServerResponse, body: unknown, status = 200) =>
    res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));

  function authorize(url: URL, res: ServerResponse): void {
    const back = new URL(url.searchParams.get('redirect_uri') ?? '');
    back.searchParams.set('state', url.searchParams.get('state') ?? '');
    if (state.refuses) back.searchParams.set('error', 'access_denied');
    else {
      const code = random();
      codes.set(code, url.searchParams.get('code_challenge') ?? '');
      back.searchParams.set('code', code);
    }
    res.writeHead(302, { location: back.href }).end();
  }

  async function exchange(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(req));
    const code = form.get('code') ?? '';
    const challenge = codes.get(code);
    codes.delete(code);
    const isPkce =
      challenge ===
      createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
    const isClient = form.get('client_id') === client.clientId && form.get('client_secret') === client.clientSecret;
    // GitHub answers 200 to what it refuses, too.
    if (!isPkce || !isClient)
      return void json(res, { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' });
    const token = `gho_${random()}`;
    tokens.add(token);
    json(res, { access_token: token, token_type: 'bearer', scope: 'read:user,user:email' });
  }

  function api(req: IncomingMessage, res: ServerResponse, path: string): void {
    if (!tokens.has((req.headers.authorization ?? '').replace(/^bearer /i, ''))) return void json(res, { message: 'Bad credentials' }, 401);
    const { emails, ...user } = state.person;
    json(res, path === '/user' ? user : emails);
  }

  const http = await listen((origin) => (req, res) => {
    const url = new URL(req.url ?? '/', origin);
    if (url.pathname === '/login/oauth/authorize') authorize(url, res);
    else if (url.pathname === '/login/oauth/access_token') void exchange(req, res);
    else api(req, res, url.pathname.replace('/api/v3', ''));
  });
  return Object.assign(state, { origin: http.origin, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() });
}

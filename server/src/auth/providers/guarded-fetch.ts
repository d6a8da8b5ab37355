import type { CustomFetch } from 'openid-client';
import type { SafeFetch } from '../../net/safe-fetch.ts';

/**
 * The issuer is the administrator's choice and may be inside the cluster. What its documents point to is somebody else's:
 * other origins are fetched only at public addresses (or those of FETCH_ALLOWED_NETWORKS), and redirects are never followed.
 */
export function createGuardedFetch(trusted: string, safeFetch: SafeFetch): CustomFetch {
  const { origin } = new URL(trusted);
  return async (url, { body, headers, method, signal }) => {
    if (new URL(url).origin === origin) return fetch(url, { body, headers, method, signal, redirect: 'manual' });
    if (method !== 'GET' && method !== 'POST') throw new TypeError(`${method} is not sent to another origin`);
    const answer = await safeFetch(url, {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      body: toBody(body),
      maxRedirects: 0,
      signal: signal ?? undefined,
    });
    return new Response(new Uint8Array(answer.body), {
      status: answer.status,
      headers: { 'content-type': answer.headers['content-type'] ?? '' },
    });
  };
}

function toBody(body: unknown): string | Uint8Array | undefined {
  if (body === null || body === undefined) return undefined;
  return body instanceof Uint8Array ? body : String(body as string | URLSearchParams);
}

export interface OriginOptions {
  allowedOrigins: string[];
  publicUrl: string | undefined;
}

/** (origin, host) → may this page act here? */
export type IsAllowedOrigin = (origin: string | undefined, host: string | undefined) => boolean;

/**
 * The allow-list and the installation's own public origin; where neither is configured, an Origin whose host equals
 * `Host`. An absent Origin is not allowed: callers that accept requests without one ask first.
 */
export function createOriginCheck({ allowedOrigins, publicUrl }: OriginOptions): IsAllowedOrigin {
  const listed = new Set([...allowedOrigins, ...(publicUrl ? [publicUrl] : [])].map((o) => parseOrigin(o)?.origin ?? o));
  return (origin, host) => {
    const parsed = origin === undefined ? null : parseOrigin(origin);
    if (!parsed) return false;
    if (listed.size > 0) return listed.has(parsed.origin);
    return host !== undefined && parsed.host === sameDefaultPort(host, parsed.protocol);
  };
}

function parseOrigin(origin: string): URL | null {
  const url = URL.parse(origin);
  return url && (url.protocol === 'https:' || url.protocol === 'http:') ? url : null;
}

/** `example.org:443` and `https://example.org` name the same place. */
function sameDefaultPort(host: string, protocol: string): string {
  return URL.parse(`${protocol}//${host}`)?.host ?? host;
}

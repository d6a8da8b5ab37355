import type { IncomingMessage } from 'node:http';
import proxyAddr from 'proxy-addr';

/** The client's address, believing X-Forwarded-For only from trusted proxies; the rule that Express uses too. */
export function createAddressOf(trustedProxies: string[]): (request: IncomingMessage) => string {
  const trust = trustedProxies.length > 0 ? proxyAddr.compile(trustedProxies) : () => false;
  return (request) => proxyAddr(request, trust);
}

import { createHash } from 'node:crypto';

/** Highest random weight: when a server is added only its share of the keys moves. */
export function pickServer<T extends { name: string }>(servers: readonly T[], key: string): T {
  const [only] = servers;
  if (only && servers.length === 1) return only;
  let best: { server: T; weight: string } | undefined;
  for (const server of servers) {
    const weight = createHash('sha1').update(`${server.name}\n${key}`).digest('hex');
    if (!best || weight > best.weight) best = { server, weight };
  }
  if (!best) throw new Error('no redis server is configured');
  return best.server;
}

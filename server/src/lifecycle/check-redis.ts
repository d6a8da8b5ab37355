import { connect } from 'node:tls';
import { ConfigError } from '../config.ts';
import { isTlsRefusal } from '../store/connection.ts';

const PATIENCE_MS = 2_000;

/** The fault of the certificate, if one was shown. A server that is away may come later. */
function findFault(url: string, ca: string | undefined): Promise<Error | undefined> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[(.+)\]$/, '$1');
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  const socket = connect({ host, port: Number(port || 6379), ca, timeout: PATIENCE_MS });
  socket.once('secureConnect', () => resolve(undefined));
  socket.once('timeout', () => resolve(undefined));
  socket.once('error', (error) => resolve(isTlsRefusal(error) ? error : undefined));
  return promise.finally(() => socket.destroy());
}

/** Throws ConfigError when a Redis server shows a certificate that is not believed: it would be tried in vain for ever. */
export async function checkRedis({ redisUrls, redisCa }: { redisUrls: string[]; redisCa: string | undefined }): Promise<void> {
  for (const url of redisUrls.filter((each) => each.startsWith('rediss:'))) {
    const fault = await findFault(url, redisCa);
    if (!fault) continue;
    const { host } = new URL(url);
    throw new ConfigError(
      `REDIS_URLS: Redis at ${host} is not trusted: ${fault.message}; give the CA of its certificate in REDIS_CA or REDIS_CA_FILE`,
    );
  }
}

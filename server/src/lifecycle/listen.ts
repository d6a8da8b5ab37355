import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../config.ts';

export interface Listening extends AsyncDisposable {
  server: Server;
  port: number;
}

/** Opens a port. One that is taken is a wrong setting: the message names the variable. */
export async function listen(handler: RequestListener, options: { host: string; port: number; variable: string }): Promise<Listening> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 15_000 }, handler);
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EADDRINUSE') throw new ConfigError(`port ${options.port} is in use; stop what listens there or set ${options.variable}`);
    if (code === 'EACCES') throw new ConfigError(`port ${options.port} may not be opened by this user; set ${options.variable} above 1023`);
    throw error;
  }
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

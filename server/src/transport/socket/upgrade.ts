import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

export interface UpgradeDeps {
  isAllowedOrigin(origin: string | undefined, host: string | undefined): boolean;
  addressOf(request: IncomingMessage): string;
  /** 0: let it in; else ms. */
  admit(address: string): number;
  onRefused(reason: 'origin' | 'overloaded'): void;
}

function refuse(socket: Duplex, status: number, code: string, headers: Record<string, string> = {}): void {
  const body = JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, code });
  const lines = Object.entries({
    ...headers,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(body.length),
    Connection: 'close',
  });
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n${body}`);
}

/**
 * The door in front of Engine.IO: Engine.IO can refuse only with 400 or 403, and only after it has parsed the request;
 * here a foreign Origin gets 403 and a full pod 503 with Retry-After, for the price of one header look-up.
 */
export function guardUpgrades(server: Server, deps: UpgradeDeps): void {
  const inner = server.listeners('upgrade') as ((request: IncomingMessage, socket: Duplex, head: Buffer) => void)[];
  server.removeAllListeners('upgrade');
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // A peer that vanishes before Engine.IO listens must not become an uncaught error.
    const ignore = () => socket.destroy();
    socket.on('error', ignore);
    if (!deps.isAllowedOrigin(request.headers.origin, request.headers.host)) {
      deps.onRefused('origin');
      return refuse(socket, 403, 'forbidden');
    }
    const waitMs = deps.admit(deps.addressOf(request));
    if (waitMs > 0) {
      deps.onRefused('overloaded');
      return refuse(socket, 503, 'overloaded', { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) });
    }
    socket.off('error', ignore);
    for (const listener of inner) listener.call(server, request, socket, head);
  });
}

import type { Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { EndedCode, Limits, SessionReady, WireError } from '@chatcluster/protocol';
import { ChatError, toWireError } from '@chatcluster/protocol/errors';
import { FRAME_MAX_BYTES, PROTOCOL_VERSION } from '@chatcluster/protocol/limits';
import { connectSchema } from '@chatcluster/protocol/socket-schemas';
import type { Authenticate } from '../../auth/authenticate.ts';
import type { Principal } from '../../auth/types.ts';
import type { Config } from '../../config.ts';
import type { Fanout } from '../../fanout/types.ts';
import type { Logger } from '../../log.ts';
import type { CatchUp } from '../../operations/catch-up.ts';
import { isUnavailable } from '../../store/errors.ts';
import { toDetails } from '../validation.ts';
import { Connection } from './connection.ts';
import type { Dispatch } from './dispatch.ts';
import { createParser } from './parser.ts';

export interface GatewayDeps {
  config: Config;
  epoch(): number;
  authenticate: Authenticate;
  fanout: Fanout;
  dispatch: Dispatch;
  catchUp: Pick<CatchUp, 'changes'>;
  /** Every authenticated socket of this pod, by socket id; kept by the gateway. */
  connections: Map<string, Connection>;
  /** Of this user, on this pod. */
  socketsOf(userId: string): Iterable<{ id: string }>;
  onConnected(connection: Connection): void;
  onGone(connection: Connection): void;
  /** The server ends a socket for good. */
  onEnded(code: EndedCode): void;
  /** What this person may do. */
  limitsFor(principal: Principal): Limits;
  log: Logger;
}

/** Options of Socket.IO that the contract fixes (protocol.md 3). */
export function createIo(config: Pick<Config, 'limits' | 'longPolling'>): Server {
  return new Server({
    transports: config.longPolling ? ['polling', 'websocket'] : ['websocket'],
    pingInterval: 20_000,
    pingTimeout: 10_000,
    connectTimeout: 10_000,
    maxHttpBufferSize: FRAME_MAX_BYTES,
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    parser: createParser(config.limits.eventMaxBytes),
  });
}

/** `connect_error.data` carries the catalogue's error. */
function toConnectError(error: unknown, log: Logger): Error & { data: WireError } {
  let known: ChatError;
  if (error instanceof ChatError) known = error;
  else if (isUnavailable(error)) known = new ChatError('unavailable', { retryAfterMs: 1_000 });
  else {
    log.error({ err: error }, 'connecting failed');
    known = new ChatError('internal');
  }
  return Object.assign(new Error(known.message), { data: toWireError(known) });
}

/** Sockets come in here: who are they, then live, then every event goes to the dispatcher. */
export function createGateway(io: Server, deps: GatewayDeps) {
  const { config, fanout, log, connections } = deps;

  async function authenticate(socket: Socket): Promise<void> {
    const auth = connectSchema.safeParse(socket.handshake.auth ?? {});
    if (!auth.success) throw new ChatError('invalid', { details: toDetails(auth.error) });
    if ((auth.data.protocol ?? PROTOCOL_VERSION) !== PROTOCOL_VERSION) throw new ChatError('unsupported_protocol');
    const { headers, query } = socket.handshake;
    socket.data.principal = await deps.authenticate.authenticateSocket({ auth: auth.data, headers, query });
    socket.data.since = auth.data.since;
  }

  function endOldest(userId: string): void {
    const own = [...deps.socketsOf(userId)]
      .flatMap(({ id }) => connections.get(id) ?? [])
      .filter((c) => !c.isEnded)
      .sort((a, b) => a.connectedAt - b.connectedAt);
    for (const old of own.slice(0, Math.max(0, own.length - config.limits.socketsPerUser))) {
      old.end('replaced', `More than ${config.limits.socketsPerUser} connections; the oldest was closed.`, false);
    }
  }

  function ready(principal: Principal): SessionReady {
    return {
      userId: principal.userId,
      sessionId: principal.sessionId,
      podId: config.podId,
      version: config.version,
      epoch: deps.epoch(),
      serverTime: new Date().toISOString(),
      expiresAt: new Date(principal.expiresAt).toISOString(),
      limits: deps.limitsFor(principal),
    };
  }

  async function pushChanges(connection: Connection, since: string): Promise<void> {
    try {
      connection.emit('changes', await deps.catchUp.changes(connection.userId, since));
    } catch (error) {
      // The client asks by itself when nothing was pushed; a bad token is told there.
      log.debug({ err: error }, 'changes not pushed');
    }
  }

  function open(socket: Socket): Connection {
    const connection = new Connection({
      socket,
      principal: socket.data.principal as Principal,
      maxUnreadBytes: config.limits.unreadBytesPerSocket,
      eventRate: config.rateLimits ? { perSecond: config.limits.eventsPerSecond, burst: config.limits.eventBurst } : undefined,
      nowMs: performance.now(),
      onEnded: deps.onEnded,
    });
    connections.set(connection.id, connection);
    socket.onAny((event: string, ...args: unknown[]) => void deps.dispatch(connection, event, args));
    socket.on('disconnect', () => {
      connections.delete(connection.id);
      fanout.detach(connection);
      deps.onGone(connection);
    });
    return connection;
  }

  async function start(socket: Socket): Promise<void> {
    const connection = open(socket);
    try {
      await fanout.attach(connection);
    } catch (error) {
      log.warn({ err: error }, 'socket could not be attached');
      connection.close();
      return;
    }
    if (!socket.connected) {
      fanout.detach(connection);
      return;
    }
    connection.emit('session:ready', ready(connection.principal));
    connection.forgetHandshake();
    deps.onConnected(connection);
    endOldest(connection.userId);
    if (typeof socket.data.since === 'string') await pushChanges(connection, socket.data.since);
  }

  io.use((socket, next) => {
    authenticate(socket).then(
      () => next(),
      (error: unknown) => next(toConnectError(error, log)),
    );
  });
  io.on('connection', (socket) => void start(socket));

  return {
    attachTo(server: HttpServer): void {
      io.attach(server);
    },
  };
}
export type Gateway = ReturnType<typeof createGateway>;

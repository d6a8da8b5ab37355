import { servePeer } from './peer.ts';
import { RawSocket } from './raw-socket.ts';

interface Group {
  sockets: RawSocket[];
  bytes: number;
  /** Of `sockets`, which were in. */
  closed: number;
  refused: number;
  onBytes(): void;
}
const groups = new Map<string, Group>();
/** Answers pings before they are asked, so that none is in the way of a count. */
const PONG_MS = 10_000;

export interface ConnectRequest {
  group: string;
  port: number;
  count: number;
  /** Engine.IO on top, with the CONNECT packet's `auth` for each socket when there is one. */
  socketIo: boolean;
  auths?: string[];
  /** Text that says that the socket is in use. */
  readyPrefix?: string;
  /** Handshakes under way at a time. @default 50 */
  atOnce?: number;
  /** A refused handshake is tried again after about a second, as clients do. @default the first refusal is an error */
  isPatient?: boolean;
  /** Offers compression; the server decides. */
  deflate?: boolean;
}

async function connectOne(group: Group, request: ConnectRequest, i: number): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const path = request.socketIo ? '/socket.io/?EIO=4&transport=websocket' : '/';
  const readyPrefix = request.readyPrefix ?? '40';
  let isIn = false;
  const socket: RawSocket = new RawSocket({
    port: request.port,
    path,
    deflate: request.deflate,
    onText(text) {
      if (text.startsWith('0')) socket.send(`40${request.auths?.[i] ?? ''}`);
      if (text.startsWith('44')) ready.reject(new Error(text));
      if (text.startsWith(readyPrefix)) ready.resolve();
    },
    onClose: () => {
      if (isIn) group.closed += 1;
      ready.reject(new Error('closed before it was ready'));
    },
  });
  if (request.socketIo) await Promise.all([socket.opened, ready.promise]);
  else {
    ready.promise.catch(() => undefined);
    await socket.opened;
  }
  isIn = true;
  group.sockets.push(socket);
  socket.onBytes = (bytes) => {
    group.bytes += bytes;
    group.onBytes();
  };
  if (request.socketIo) setInterval(() => socket.send('3'), PONG_MS).unref();
}

async function connectPatiently(group: Group, request: ConnectRequest, i: number): Promise<void> {
  for (;;) {
    try {
      return await connectOne(group, request, i);
    } catch {
      group.refused += 1;
      await new Promise((resolve) => setTimeout(resolve, 500 + Math.random() * 1_000));
    }
  }
}

async function connect(request: ConnectRequest): Promise<number> {
  const group = groups.get(request.group) ?? { sockets: [], bytes: 0, closed: 0, refused: 0, onBytes: () => undefined };
  groups.set(request.group, group);
  const left = Array.from({ length: request.count }, (_, i) => i).values();
  const connectSome = async () => {
    for (const i of left) await (request.isPatient ? connectPatiently : connectOne)(group, request, i);
  };
  await Promise.all(Array.from({ length: request.atOnce ?? 50 }, connectSome));
  return group.sockets.length - group.closed;
}

servePeer({
  connect,
  bytes: (name: string) => groups.get(name)!.bytes,
  reset: (name: string) => void (groups.get(name)!.bytes = 0),
  /** Resolves when the group's sockets have read that many bytes since `reset`. */
  expect: ({ group: name, bytes }: { group: string; bytes: number }) =>
    new Promise<void>((resolve) => {
      const group = groups.get(name)!;
      group.onBytes = () => {
        if (group.bytes < bytes) return;
        group.onBytes = () => undefined;
        resolve();
      };
      group.onBytes();
    }),
  refused: (name: string) => groups.get(name)!.refused,
  open: (name: string) => groups.get(name)!.sockets.length - groups.get(name)!.closed,
});

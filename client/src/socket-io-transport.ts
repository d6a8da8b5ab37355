import type { Ack, ServerEventName, ServerEvents, WireError } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { io } from 'socket.io-client';
import type { TransportFactory } from './transport.ts';

/** Socket.IO over WebSocket. Its own reconnection is off: the SDK owns it, because it has hints to obey. */
export const socketIoTransport: TransportFactory = (url, auth, handlers) => {
  const socket = io(url, { auth, transports: ['websocket'], reconnection: false, forceNew: true, multiplex: false });
  socket.onAny((name: string, payload: unknown) => handlers.event(name as ServerEventName, payload as ServerEvents[ServerEventName]));
  socket.on('connect_error', (error: Error & { data?: Partial<WireError> }) => handlers.refused(error.data));
  socket.on('disconnect', (reason) => handlers.closed(reason));
  return { call: (event, payload, timeoutMs) => call(event, payload, timeoutMs), close };

  function call(event: string, payload: unknown, timeoutMs: number) {
    return new Promise<Ack<never>>((resolve, reject) => {
      if (!socket.connected) return reject(new ChatError('unavailable', { message: 'Not connected.' }));
      // Socket.IO fails an open ack at once when the connection ends, and after the time-out otherwise.
      socket.timeout(timeoutMs).emit(event, payload, (error: Error | null, ack: Ack<never>) => {
        if (error === null) resolve(ack);
        else
          reject(new ChatError('unavailable', { message: 'No answer from the server.', cause: socket.connected ? 'ack timeout' : error }));
      });
    });
  }

  function close() {
    socket.off('disconnect');
    socket.off('connect_error');
    socket.offAny();
    socket.disconnect();
  }
};

import type { WebSocketLike } from './chat-socket.ts';

/** A WebSocket whose server is the test. */
export function createFakeSocket() {
  const listeners: Record<string, ((event: { data?: unknown; error?: unknown }) => void)[]> = {};
  const fire = (event: string, value: { data?: unknown; error?: unknown } = {}) => listeners[event]?.forEach((listener) => listener(value));
  const sent: string[] = [];
  let closes = 0;
  const socket: WebSocketLike = {
    send: (data) => void sent.push(data),
    close: () => void (closes += 1),
    addEventListener: (event, listener) => void (listeners[event] ??= []).push(listener),
  };
  return { socket, sent, receive: (data: string) => fire('message', { data }), fire, closes: () => closes };
}
export type FakeSocket = ReturnType<typeof createFakeSocket>;

export const OPEN = '0{"sid":"s","pingInterval":20000,"pingTimeout":10000}';
export const READY = '42["session:ready",{}]';

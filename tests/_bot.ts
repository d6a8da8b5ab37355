import { randomUUID } from 'node:crypto';

const PASSWORD = 'chatcluster';
/** Unacknowledged sends at a time: the server stores them in batches. */
const IN_FLIGHT = 200;

/** Somebody who writes without a browser. */
export interface Bot {
  userId: string;
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  say(conversationId: string, body: string, more?: object): Promise<{ id: string; seq: number }>;
}

interface Session {
  user: { id: string };
  accessToken: string;
}

async function request<T>(url: string, method: string, body: unknown, token?: string): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${text}`);
  return (text ? JSON.parse(text) : undefined) as T;
}

/** Signs in as one of the demo users, or registers somebody new. */
export async function createBot(url: string, email: string, displayName?: string): Promise<Bot & { token: string }> {
  const path = displayName === undefined ? 'login' : 'register';
  const input = { email, password: PASSWORD, tokens: 'body', ...(displayName === undefined ? {} : { displayName }) };
  const { user, accessToken: token } = await request<Session>(`${url}/v1/auth/${path}`, 'POST', input);
  const call = <T>(method: string, path: string, body?: unknown) => request<T>(url + path, method, body, token);
  return {
    userId: user.id,
    token,
    call,
    say: (conversationId, body, more = {}) =>
      call('POST', `/v1/conversations/${conversationId}/messages`, { clientMsgId: randomUUID(), body, ...more }),
  };
}

/** Thousands of messages in order over one socket, spoken by hand: an acknowledgement for each. */
export async function sayMany(url: string, token: string, conversationId: string, bodies: readonly string[]): Promise<void> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0;
  let stored = 0;
  const send = () => {
    while (sent < bodies.length && sent - stored < IN_FLIGHT) {
      const payload = { conversationId, clientMsgId: randomUUID(), body: bodies[sent] };
      socket.send(`42${sent}${JSON.stringify(['message:send', payload])}`);
      sent += 1;
    }
  };
  const received = (frame: string) => {
    if (frame.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`);
    else if (frame === '2') socket.send('3');
    else if (frame.startsWith('42["session:ready"')) send();
    else if (frame.startsWith('44')) reject(new Error(frame));
    else if (frame.startsWith('43')) {
      if (!frame.includes('"ok":true')) reject(new Error(frame));
      stored += 1;
      if (stored === bodies.length) resolve();
      else send();
    }
  };
  socket.addEventListener('message', ({ data }) => received(String(data)));
  socket.addEventListener('close', () => reject(new Error(`the socket closed after ${stored} messages`)));
  try {
    await promise;
  } finally {
    socket.close();
  }
}

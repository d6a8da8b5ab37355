import { createDecipheriv, createECDH, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, jwtVerify } from 'jose';
import { eventually } from '@chatcluster/tools/testing';

/** What arrived at one browser, after everything that RFC 8030, 8188, 8291 and 8292 ask for was checked. */
export interface ReceivedPush {
  headers: IncomingMessage['headers'];
  subject: string;
  payload: Record<string, unknown>;
}

/** One browser's subscription, with the keys that only the browser has. */
export interface TestBrowser {
  subscription: { endpoint: string; expirationTime: null; keys: { p256dh: string; auth: string } };
  pushes: ReceivedPush[];
  /** Statuses of the next answers, before it takes pushes (201). */
  answers: number[];
  /** How many requests came, refused ones included. */
  requests: number;
  next(fits?: (push: ReceivedPush) => boolean): Promise<ReceivedPush>;
}

export interface PushService extends AsyncDisposable {
  origin: string;
  /** Reasons why a request broke the rules; none may. */
  faults: string[];
  browser(): TestBrowser;
}

type Keys = { ecdh: ReturnType<typeof createECDH>; auth: Buffer };

/** RFC 8188 and 8291, from the browser's side; written after the RFCs and not after the sender. */
function decrypt(body: Buffer, { ecdh, auth }: Keys): Buffer {
  const salt = body.subarray(0, 16);
  const recordSize = body.readUInt32BE(16);
  const sender = body.subarray(21, 21 + body.readUInt8(20));
  const record = body.subarray(21 + sender.length);
  if (record.length > recordSize) throw new Error('more than one record');
  const context = Buffer.concat([Buffer.from('WebPush: info\0', 'ascii'), ecdh.getPublicKey(), sender]);
  const secret = Buffer.from(hkdfSync('sha256', ecdh.computeSecret(sender), auth, context, 32));
  const key = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: aes128gcm\0', 16));
  const nonce = Buffer.from(hkdfSync('sha256', secret, salt, 'Content-Encoding: nonce\0', 12));
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  const end = padded.findLastIndex((byte) => byte !== 0);
  if (padded[end] !== 2) throw new Error('the last record must end with the byte 2');
  return padded.subarray(0, end);
}

async function checkVapid(header: string, origin: string): Promise<string> {
  const [, token, key] = /^vapid t=([\w-]+\.[\w-]+\.[\w-]+), k=([\w-]+)$/.exec(header) ?? [];
  const point = Buffer.from(key ?? '', 'base64url');
  const part = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const publicKey = await importJWK({ kty: 'EC', crv: 'P-256', x: part(1), y: part(33) }, 'ES256');
  const { payload } = await jwtVerify(token ?? '', publicKey, { audience: origin, algorithms: ['ES256'] });
  const hours = ((payload.exp ?? 0) - Date.now() / 1_000) / 3_600;
  if (hours <= 0 || hours > 24) throw new Error('the token must end within 24 hours');
  return payload.sub ?? '';
}

function checkHeaders(headers: IncomingMessage['headers']): void {
  if (!/^\d+$/.test(headers.ttl as string)) throw new Error('no TTL');
  if (headers['content-encoding'] !== 'aes128gcm') throw new Error('another content encoding');
  if (!/^[\w-]{1,32}$/.test(headers.topic as string)) throw new Error('a topic of more than 32 characters');
}

export async function startPushService(): Promise<PushService> {
  const browsers = new Map<string, TestBrowser & { keys: Keys }>();
  const faults: string[] = [];
  const server = createServer((request, response) => {
    const browser = browsers.get(request.url?.slice(1) ?? '');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      take(request, Buffer.concat(chunks), browser).then(
        (status) => response.writeHead(status, status === 201 ? { location: '/message' } : {}).end(),
        (error: unknown) => {
          faults.push(String(error));
          response.writeHead(400).end();
        },
      );
    });
  });
  async function take(request: IncomingMessage, body: Buffer, browser: (TestBrowser & { keys: Keys }) | undefined): Promise<number> {
    if (!browser || request.method !== 'POST') return 404;
    browser.requests += 1;
    checkHeaders(request.headers);
    if (body.length > 4_096) throw new Error('the body is longer than 4096 bytes');
    const subject = await checkVapid(request.headers.authorization ?? '', service.origin);
    const payload = JSON.parse(decrypt(body, browser.keys).toString('utf8')) as Record<string, unknown>;
    const status = browser.answers.shift() ?? 201;
    if (status === 201) browser.pushes.push({ headers: request.headers, subject, payload });
    return status;
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: PushService = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    browser() {
      const ecdh = createECDH('prime256v1');
      const p256dh = ecdh.generateKeys('base64url');
      const auth = randomBytes(16);
      const id = randomUUID();
      const browser = {
        subscription: {
          endpoint: `${service.origin}/${id}`,
          expirationTime: null,
          keys: { p256dh, auth: auth.toString('base64url') },
        },
        keys: { ecdh, auth },
        pushes: [] as ReceivedPush[],
        answers: [] as number[],
        requests: 0,
        next: (fits: (push: ReceivedPush) => boolean = () => true) =>
          eventually(() => browser.pushes.find(fits), { deadlineMs: 60_000, message: `no push came; faults: ${faults.join('; ')}` }),
      };
      browsers.set(id, browser);
      return browser;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return service;
}

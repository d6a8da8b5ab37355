import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { ServiceError } from '../../process.ts';
import { pkiFile } from '../pki.ts';
import { API_PORT, NODE_ADDRESS, stateDir } from './settings.ts';

/** The node's own API server, as administrator. */
export interface Api {
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Calls back for every piece of a watch; settles when the server ends it. */
  watch(path: string, onEvent: () => void): Promise<void>;
}

function textOf(answer: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  answer.setEncoding('utf8').on('data', (part: string) => (text += part));
  answer.once('end', () => resolve(text)).once('error', reject);
  return promise;
}

export function createApi(): Api {
  const read = (name: string) => readFileSync(pkiFile(stateDir, name));
  const agent = new Agent({ keepAlive: true, ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key') });
  const open = (method: string, path: string, body?: unknown) => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const sent = request({ method, path, host: NODE_ADDRESS, port: API_PORT, agent, headers: { 'content-type': type } }, resolve);
    sent.once('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  };
  return {
    async call<T>(method: string, path: string, body?: unknown) {
      const answer = await open(method, path, body);
      const text = await textOf(answer);
      if ((answer.statusCode ?? 500) >= 300)
        throw new ServiceError(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
      return JSON.parse(text) as T;
    },
    async watch(path, onEvent) {
      const answer = await open('GET', `${path}${path.includes('?') ? '&' : '?'}watch=1&timeoutSeconds=300`);
      for await (const _ of answer) onEvent();
    },
  };
}

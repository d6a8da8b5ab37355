import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { isAbsolute, join } from 'node:path';
import { parse } from 'yaml';

/** For tests of manifests: plain requests to a real API server, with the words that it answers. */
export interface TestApi extends Disposable {
  send(method: string, path: string, body?: object, contentType?: string): Promise<{ status: number; body: Record<string, unknown> }>;
  /** Server-side apply of one object. */
  apply(
    path: string,
    object: object,
    options?: { dryRun?: boolean; manager?: string },
  ): Promise<{ status: number; body: Record<string, unknown> }>;
}

interface Entry {
  [key: string]: string | undefined;
}

function readCredentials(kubeconfig: string): { server: string; ca: Buffer; cert: Buffer; key: Buffer } {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as { clusters: { cluster: Entry }[]; users: { user: Entry }[] };
  const take = (entry: Entry, name: string): Buffer => {
    const data = entry[`${name}-data`];
    if (data !== undefined) return Buffer.from(data, 'base64');
    const path = entry[name] ?? '';
    return readFileSync(isAbsolute(path) ? path : join(kubeconfig, '..', path));
  };
  const cluster = clusters[0]!.cluster;
  const user = users[0]!.user;
  return {
    server: cluster.server!,
    ca: take(cluster, 'certificate-authority'),
    cert: take(user, 'client-certificate'),
    key: take(user, 'client-key'),
  };
}

export function createTestApi(kubeconfig: string): TestApi {
  const { server, ...tls } = readCredentials(kubeconfig);
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ...tls });

  const send: TestApi['send'] = (method, path, body, contentType = 'application/json') =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(text) };
      const call = request(`${server}${path}`, { method, agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            body: answer.startsWith('{') ? (JSON.parse(answer) as Record<string, unknown>) : { answer },
          });
        });
      });
      call.on('error', reject);
      call.end(text);
    });
  return {
    send,
    apply: (path, object, { dryRun = false, manager = 'test' } = {}) =>
      send(
        'PATCH',
        `${path}?fieldManager=${manager}&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`,
        object,
        'application/apply-patch+yaml',
      ),
    [Symbol.dispose]: () => agent.destroy(),
  };
}

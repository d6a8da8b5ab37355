import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { openWebServer } from '../net/_web-server.ts';

export type Answer = (res: ServerResponse, req: IncomingMessage) => void;

/** Somebody else's web server. Unknown paths answer 404. */
export async function openSite(pages: Record<string, Answer>, host?: string) {
  const seen: string[] = [];
  const server = await openWebServer((req, res) => {
    const path = new URL(req.url ?? '/', 'http://site').pathname;
    seen.push(path);
    const answer = pages[path];
    if (answer) answer(res, req);
    else res.writeHead(404, { 'content-type': 'text/html' }).end('<title>not found</title>');
  }, host);
  return Object.assign(server, { seen });
}

export const page =
  (html: string, type = 'text/html; charset=utf-8'): Answer =>
  (res) =>
    res.writeHead(200, { 'content-type': type }).end(html);

export const content =
  (body: Uint8Array | string, type: string): Answer =>
  (res) =>
    res.writeHead(200, { 'content-type': type }).end(body);

export const redirect =
  (location: string): Answer =>
  (res) =>
    res.writeHead(302, { location }).end();

/** Writes for as long as anybody reads. */
export const endless =
  (type: string, head = ''): Answer =>
  (res) => {
    res.writeHead(200, { 'content-type': type }).write(head);
    const more = () => {
      while (!res.destroyed && res.write(Buffer.alloc(65_536, ' ')));
    };
    res.on('drain', more);
    more();
  };

export const bomb =
  (type: string, head: string): Answer =>
  (res) =>
    res
      .writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' })
      .end(gzipSync(Buffer.concat([Buffer.from(head), Buffer.alloc(64 * 1024 * 1024, ' ')])));

export function picture(width = 640, height = 360): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: '#336699' } })
    .withExif({ IFD0: { Make: 'SecretCamera' } })
    .png()
    .toBuffer();
}

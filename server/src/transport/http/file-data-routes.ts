import { resolve } from 'node:path';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { ChatError } from '@chatcluster/protocol/errors';
import { contentDisposition } from '../../files/disposition.ts';
import { type Mac, type SignedUpload, verifyDownload, verifyUpload } from '../../files/signature.ts';
import type { FileStore } from '../../files/store.ts';
import { VOLUME_PATH } from '../../files/volume-store.ts';

export interface FileDataDeps {
  keys: Mac;
  dir: string;
  store: FileStore;
}

/** Whoever sends nothing for this long has gone. */
const STALLED_MS = 30_000;

/**
 * The bytes of the volume, by signed URL only: no cookie counts here, and nothing that comes from here runs as a page of this
 * origin.
 */
export function fileDataRoutes({ keys, dir, store }: FileDataDeps): Router {
  const router = Router();
  router.put(`${VOLUME_PATH}/*key`, async (req, res) => {
    const claim = verifyUpload(keys, keyOf(req), queryOf(req));
    if (claim === undefined) throw wrongSignature();
    await receive(req, res, claim, store);
  });
  const give: RequestHandler = (req, res, next) => {
    const claim = verifyDownload(keys, keyOf(req), queryOf(req));
    if (claim === undefined) throw wrongSignature();
    res.set({
      'Content-Type': claim.type,
      'Content-Disposition': contentDisposition(claim),
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': `private, max-age=${Math.max(0, claim.expires - Math.floor(Date.now() / 1_000))}, immutable`,
    });
    res.sendFile(claim.key, { root: resolve(dir), cacheControl: false, dotfiles: 'allow' }, (error) => {
      if (error && !res.headersSent) next('status' in error && error.status === 404 ? new ChatError('not_found') : error);
    });
  };
  router.get(`${VOLUME_PATH}/*key`, give);
  return router;
}

async function receive(req: Request, res: Response, { key, bytes }: SignedUpload, store: FileStore): Promise<void> {
  const announced = Number(req.get('content-length'));
  if (announced !== bytes) {
    // Nothing of it is read.
    res.set('Connection', 'close');
    throw new ChatError(announced > bytes ? 'too_large' : 'invalid', { message: `This URL takes exactly ${bytes} bytes.` });
  }
  req.setTimeout(STALLED_MS, () => req.destroy());
  try {
    await store.write(key, req, 'application/octet-stream');
  } catch (error) {
    // The sender is gone: nobody is left to be told.
    if (req.destroyed && !req.complete) return;
    throw error;
  }
  res.status(200).end();
}

function wrongSignature(): ChatError {
  return new ChatError('forbidden', { message: 'This link has expired or is not complete; ask for a new one.' });
}

function keyOf(req: Request): string {
  return req.path.slice(VOLUME_PATH.length + 1);
}

function queryOf(req: Request): URLSearchParams {
  return new URL(req.url, 'http://localhost').searchParams;
}

import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import type { FileUpload, User } from '@chatcluster/protocol';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { Avatars } from '../../operations/avatars.ts';
import type { Files } from '../../operations/files.ts';
import type { Routes } from './route.ts';

export interface FileRouteDeps extends Routes {
  files: Files;
  avatars: Avatars;
  publicUrl: string | undefined;
  onProfileChanged: (user: User) => void;
}

const one = z.object({ id: uuid });

/** Uploading, and where a file is: the bytes themselves never pass through these routes. */
export function fileRoutes({ route, files, avatars, publicUrl, onProfileChanged }: FileRouteDeps): Router {
  const router = Router();
  router.post(
    '/v1/files',
    route({ body: restSchemas.createFile, status: 201 }, async ({ req, principal, body }) =>
      withOrigin(await files.create(principal, body), publicUrl ?? originOf(req)),
    ),
  );
  router.post(
    '/v1/files/:id/complete',
    route({ params: one }, ({ principal, params }) => files.complete(principal.userId, params.id)),
  );
  router.get(
    '/v1/files/:id',
    route({ params: one, query: restSchemas.getFile }, async ({ res, principal, params, query }) =>
      redirect(res, await files.link(principal.userId, params.id, { asAttachment: query.download !== undefined })),
    ),
  );
  router.get(
    '/v1/files/:id/thumbnail',
    route({ params: one }, async ({ res, principal, params }) => redirect(res, await files.thumbnailLink(principal.userId, params.id))),
  );
  router.delete(
    '/v1/files/:id',
    route({ params: one }, ({ principal, params }) => files.discard(principal.userId, params.id)),
  );
  router.put(
    '/v1/users/me/avatar',
    route({ body: restSchemas.setAvatar }, async ({ principal, body }) => {
      if (body.fileId !== null) return avatars.set(principal.userId, body.fileId);
      const { own, user } = await avatars.remove(principal.userId);
      onProfileChanged(user);
      return own;
    }),
  );
  return router;
}

/** Kept by this browser for a minute, so that scrolling asks once; whoever signs in next asks anew. */
function redirect(res: Response, location: string): void {
  res.set({ 'Cache-Control': 'private, max-age=60', Vary: 'Cookie, Authorization, Origin' }).redirect(302, location);
}

/** The address by which the caller reached us. Behind a proxy that is not trusted only the browser knows the scheme. */
function originOf(req: Request): string {
  const origin = req.get('origin');
  const host = req.get('host') ?? 'localhost';
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host ? origin : `${req.protocol}://${host}`;
}

function withOrigin(upload: FileUpload, origin: string): FileUpload {
  const absolute = <T extends { url: string }>(request: T): T => ({ ...request, url: new URL(request.url, origin).href });
  return {
    ...upload,
    ...(upload.upload && { upload: absolute(upload.upload) }),
    ...(upload.parts && { parts: upload.parts.map(absolute) }),
  };
}

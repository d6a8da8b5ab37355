import { Router } from 'express';
import { z } from 'zod';
import type { User } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { Db } from '../../store/sql/auth-keys.ts';
import { loadDeletedUser } from '../../store/sql/account-erasure.ts';
import { findCredentialsById, loadUser, updateProfile } from '../../store/sql/user-accounts.ts';
import { toPublic } from '../../store/sql/user-rows.ts';
import { searchUsers } from '../../store/sql/user-search.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Store } from '../../store/store.ts';
import type { Routes } from './route.ts';

export interface UserRouteDeps extends Routes {
  db: Db;
  read: Store['read'];
  /** Tells those who see this person. */
  onProfileChanged: (user: User) => void;
}

const PAGE = 50;
const idParams = z.object({ id: uuid });
const searchPosition = z.object({ name: z.string(), id: uuid });

/** The own profile and other people: everything under /v1/users. */
export function userRoutes({ route, db, read, onProfileChanged }: UserRouteDeps): Router {
  const router = Router();

  router.get(
    '/v1/users/me',
    route({}, async ({ principal }) => {
      const found = await findCredentialsById(db, principal.userId);
      if (!found) throw new ChatError('not_found');
      return found.user;
    }),
  );
  router.patch(
    '/v1/users/me',
    route({ body: restSchemas.patchMe }, async ({ principal, body }) => {
      const own = await updateProfile(db, principal.userId, body);
      if (!own) throw new ChatError('not_found');
      // The language is nobody else's business.
      if (body.displayName !== undefined || body.statusText !== undefined) onProfileChanged(toPublic(own));
      return own;
    }),
  );
  router.get(
    '/v1/users/:id',
    route({ params: idParams }, async ({ params }) => {
      // Messages of somebody who has gone still have an author.
      const user = (await loadUser(db, params.id)) ?? (await loadDeletedUser(db, params.id));
      if (!user) throw new ChatError('not_found');
      return user;
    }),
  );
  router.get(
    '/v1/users',
    route({ query: restSchemas.searchUsers }, async ({ query }) => {
      const limit = query.limit ?? PAGE;
      const after = query.cursor === undefined ? null : decodeCursor(searchPosition, query.cursor);
      const found = await read((replica) => searchUsers(replica, { text: query.q, limit: limit + 1, after }));
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map((f) => f.user),
        nextCursor: found.length > limit && last ? encodeCursor({ name: last.name, id: last.user.id }) : null,
      };
    }),
  );
  return router;
}

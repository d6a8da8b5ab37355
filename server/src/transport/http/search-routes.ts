import { Router } from 'express';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import type { Search } from '../../operations/search.ts';
import type { Routes } from './route.ts';

export function searchRoutes({ route, search }: Routes & { search: Search }): Router {
  const router = Router();
  router.get(
    '/v1/search',
    route({ query: restSchemas.search }, ({ principal, query }) => search(principal.userId, query)),
  );
  return router;
}

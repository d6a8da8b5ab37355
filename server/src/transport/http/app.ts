import express, { type Express, type RequestHandler, type Router } from 'express';
import { ChatError } from '@chatcluster/protocol/errors';
import type { IsAllowedOrigin } from '../../auth/origin.ts';
import type { Config } from '../../config.ts';
import { VOLUME_PATH } from '../../files/volume-store.ts';
import type { Logger } from '../../log.ts';
import { noTracing, type Tracing } from '../../tracing/tracing.ts';
import { createErrorHandler, sendProblem } from './problem.ts';
import { requestLog } from './request-log.ts';
import { cors, jsonBody, securityHeaders } from './security.ts';
import { webApp } from './static.ts';
import { traceRequests } from './trace-requests.ts';

export interface HttpAppDeps {
  config: Pick<Config, 'trustedProxies' | 'webRoot' | 'secureCookies'>;
  log: Logger;
  isAllowedOrigin: IsAllowedOrigin;
  /** @default none */
  tracing?: Tracing;
  /** Another origin from which files are loaded. */
  fileOrigin?: string;
  /** Routes with their full paths, in order. */
  routers: Router[];
}

/** The public port. What no router takes is the web app's, or a problem. */
export function createHttpApp({ config, log, isAllowedOrigin, fileOrigin, routers, tracing = noTracing }: HttpAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', config.trustedProxies.length > 0 ? config.trustedProxies : false);
  app.use(traceRequests(tracing), requestLog(log, tracing), securityHeaders({ https: config.secureCookies, fileOrigin }));
  app.use('/v1', cors(isAllowedOrigin), jsonBody());
  app.use(VOLUME_PATH, cors(isAllowedOrigin));
  for (const router of routers) app.use(router);
  app.use('/v1', notFound);
  if (config.webRoot !== undefined) app.use(webApp(config.webRoot));
  app.use(notFound);
  app.use(createErrorHandler(log));
  return app;
}

const notFound: RequestHandler = (_req, res) => sendProblem(res, new ChatError('not_found', { message: 'There is no such address.' }));

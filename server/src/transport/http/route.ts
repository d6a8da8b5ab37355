import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Authenticate } from '../../auth/authenticate.ts';
import type { Principal } from '../../auth/types.ts';

export interface RouteSchema {
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Of a successful answer. @default 200, 204 when the handler gives nothing */
  status?: number;
}

type Part<S extends RouteSchema, P extends 'params' | 'query' | 'body'> = S[P] extends z.ZodType ? z.output<S[P]> : undefined;

export interface RouteInput<S extends RouteSchema> {
  req: Request;
  res: Response;
  params: Part<S, 'params'>;
  query: Part<S, 'query'>;
  body: Part<S, 'body'>;
}

export type AuthedInput<S extends RouteSchema> = RouteInput<S> & { principal: Principal };

/**
 * `route` for signed-in callers, `open` for everybody. A handler gives the JSON of the answer, or nothing for 204; it
 * may set another status on `res` first. What it throws reaches the error handler.
 */
export interface Routes {
  route<S extends RouteSchema>(schema: S, handler: (input: AuthedInput<S>) => unknown): RequestHandler;
  open<S extends RouteSchema>(schema: S, handler: (input: RouteInput<S>) => unknown): RequestHandler;
}

export function createRoutes({ authenticateRequest }: Pick<Authenticate, 'authenticateRequest'>): Routes {
  return {
    route: (schema, handler) => async (req, res) => {
      const principal = await authenticateRequest(req);
      answer(res, schema.status, await handler({ ...parseInput(schema, req, res), principal }));
    },
    open: (schema, handler) => async (req, res) => {
      answer(res, schema.status, await handler(parseInput(schema, req, res)));
    },
  };
}

function answer(res: Response, status: number | undefined, result: unknown): void {
  if (res.headersSent) return;
  res.set('Cache-Control', 'no-store');
  if (status !== undefined && res.statusCode === 200) res.status(status);
  if (result === undefined) res.status(res.statusCode === 200 ? 204 : res.statusCode).end();
  else res.json(result);
}

function parseInput<S extends RouteSchema>(schema: S, req: Request, res: Response): RouteInput<S> {
  // An absent body is an empty one: where every field is optional it may be left out.
  const body: unknown = req.body ?? {};
  return {
    req,
    res,
    params: parsePart(schema.params, req.params) as Part<S, 'params'>,
    query: parsePart(schema.query, req.query) as Part<S, 'query'>,
    body: parsePart(schema.body, body) as Part<S, 'body'>,
  };
}

function parsePart(schema: z.ZodType | undefined, value: unknown): unknown {
  if (!schema) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const details = result.error.issues.slice(0, 20).map((i) => ({ path: i.path.join('.'), issue: i.message }));
  throw new ChatError('invalid', { details });
}

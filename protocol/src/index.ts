export * from './errors.ts';
export * from './limits.ts';
export * from './types.ts';
export type * from './admin-types.ts';
export type * from './integration-types.ts';
export type { ClientEventName, ConnectAuth, EventInput, EventPayload, EventResult } from './socket-schemas.ts';
export type { RestInput, RestOperation } from './rest-schemas.ts';

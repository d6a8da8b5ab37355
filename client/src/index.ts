export * from './types.ts';
export type { MessageReceipt } from '@chatcluster/protocol';
export { createClient } from './client.ts';
export { createMemoryStore, type Store } from './store.ts';
export { noHints, systemScheduler, type NetworkHints, type Scheduler } from './scheduler.ts';
export type { Transport, TransportFactory, TransportHandlers } from './transport.ts';
export type { ChannelInfo, HistoryQuery, Page, PageQuery, Rest } from './rest.ts';
export type { Panels } from './panels.ts';
export { ChatError, errorCatalogue, type ErrorCode, type WireError } from '@chatcluster/protocol/errors';

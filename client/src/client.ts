import type { ChatClient, ClientOptions } from './types.ts';

/** Makes a client. Nothing happens before one of its methods is called. */
export declare function createClient(options?: ClientOptions): ChatClient;

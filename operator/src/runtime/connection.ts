/** TLS material, as node:tls takes it. */
export interface TlsMaterial {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export interface Credentials {
  /** `authorization` and the like. */
  headers: Record<string, string>;
  tls: TlsMaterial;
}

/** Where the API server is and how to prove who we are. */
export interface Connection {
  /** `https://host:port`, with a path when the server sits below one. */
  server: string;
  /** The namespace that goes with the credentials. */
  namespace?: string;
  /** Asked before every request; caches on its own. */
  credentials(): Promise<Credentials>;
  /** The server answered 401: the next `credentials()` must not come from a cache. */
  invalidate(): void;
}

/** What one attempt to sign in at a provider is bound to; kept in a cookie of that browser. */
export interface Attempt {
  state: string;
  nonce: string;
  /** Of PKCE. */
  verifier: string;
}

/** Who the provider says it is. */
export interface ExternalPerson {
  /** Of this provider, for ever the same. */
  subject: string;
  /** Lower case; only if the provider has verified it. */
  email: string | undefined;
  displayName: string | undefined;
}

export interface Provider {
  name: string;
  /** Where the browser is sent. Throws ChatError `unavailable` while the provider is away. */
  start(redirectUri: string, attempt: Attempt): Promise<URL>;
  /** `callback`: the address that the browser came back to. Throws ChatError. */
  finish(callback: URL, attempt: Attempt): Promise<ExternalPerson>;
}

/** What happened, told to whoever counts: k6's metrics, or a list in a test. */
export interface Recorder {
  connected(ms: number): void;
  /** From the loss of a connection to `session:ready` on the next one. */
  reconnected(ms: number): void;
  connectFailed(reason: string): void;
  /** A connection that nobody here closed. */
  dropped(reason: string): void;
  /** A socket went on with a fresh token. */
  refreshed(): void;
  /** The server asked a client to connect elsewhere. */
  moved(): void;
  acknowledged(ms: number): void;
  refused(code: string): void;
  unanswered(): void;
  /** Due, but no client was connected. */
  unsent(): void;
  delivered(messages: number): void;
  /** A followed message came to one member. */
  followed(ms: number): void;
  expected(deliveries: number): void;
  lost(deliveries: number): void;
  /** CPU time of all pods while messages were sent. */
  podCpu(ms: number): void;
}

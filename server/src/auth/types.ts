/** Who is calling, from a verified access token. */
export interface Principal {
  userId: string;
  sessionId: string;
  guest: boolean;
  /** Unix time in milliseconds. */
  expiresAt: number;
}

import { TOTP } from 'otpauth';

/** What an authenticator app with this secret shows. */
export function codeOf(secret: string, atMs: number = Date.now()): string {
  return new TOTP({ secret }).generate({ timestamp: atMs });
}

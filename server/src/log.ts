import { pino, type Logger } from 'pino';

export type { Logger };

/** Header, cookie and body fields that must never reach a log. */
const redact = [
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
  'password',
  'token',
  'ticket',
  'refreshToken',
  'accessToken',
  'body',
  '*.password',
  '*.token',
  '*.refreshToken',
  '*.body',
];

export function createLog(level: string, podId: string): Logger {
  return pino({ level, base: { podId }, redact: { paths: redact, censor: '[redacted]' } });
}

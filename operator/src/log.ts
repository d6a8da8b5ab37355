import { type Logger, pino } from 'pino';

export type { Logger };

/** Fields of Kubernetes objects and requests that must never reach a log. */
const redact = [
  'data',
  'stringData',
  '*.data',
  '*.stringData',
  'authorization',
  '*.authorization',
  '*.headers.authorization',
  'token',
  '*.token',
  '*.password',
];

export function createLog(level: string, podName: string): Logger {
  return pino({ level, base: { podName }, redact: { paths: redact, censor: '[redacted]' } });
}

import { readFileSync } from 'node:fs';
import { runApp } from './app.ts';
import { parseConfig, readEnv } from './config.ts';
import { createLog } from './log.ts';
import { preferSmallHeap } from './memory.ts';
import type { TlsMaterial } from './runtime/connection.ts';

/**
 * The operator as bench.ts runs it. Only the way in differs from main.ts: a certificate from a file in place of a mounted
 * token, since reading a kubeconfig loads a library that a pod never needs.
 */
const { BENCH_CONNECTION = '', ...env } = readEnv();
const { server, tls } = JSON.parse(readFileSync(BENCH_CONNECTION, 'utf8')) as { server: string; tls: TlsMaterial };
preferSmallHeap();
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
const config = parseConfig(env);
const credentials = { headers: {}, tls };
await runApp({
  config,
  log: createLog(config.logLevel, config.podName),
  signal: stop.signal,
  source: { connection: { server, credentials: async () => credentials, invalidate() {} } },
});

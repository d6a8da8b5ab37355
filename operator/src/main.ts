import { runApp } from './app.ts';
import { ConfigError, parseConfig, readEnv } from './config.ts';
import { createLog } from './log.ts';
import { preferSmallHeap } from './memory.ts';

preferSmallHeap();
try {
  const config = parseConfig(readEnv());
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  const outcome = await runApp({ config, log: createLog(config.logLevel, config.podName), signal: stop.signal });
  // Work of the lost leadership may still hang somewhere; a new process has none of it.
  if (outcome === 'lost') process.exitCode = 1;
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`chatcluster-operator: ${error.message}\n`);
  else process.stderr.write(`chatcluster-operator: could not go on: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}
setTimeout(() => {
  // oxlint-disable-next-line unicorn/no-process-exit -- something still holds the process although everything was closed
  process.exit();
}, 10_000).unref();

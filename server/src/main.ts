import { createApp } from './app.ts';
import { ConfigError, parseConfig, readEnv } from './config.ts';
import { run } from './lifecycle/run.ts';
import { createLog } from './log.ts';

try {
  const config = parseConfig(readEnv());
  await run(createApp, config, createLog(config.logLevel, config.podId), stopSignals());
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`chatcluster: ${error.message}\n`);
  else process.stderr.write(`chatcluster: could not go on: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = error instanceof ConfigError ? 78 : 1;
}

/** First signal: drain. Second: let go of everything now. */
function stopSignals(): { drain: AbortSignal; force: AbortSignal } {
  const drain = new AbortController();
  const force = new AbortController();
  const onSignal = () => (drain.signal.aborted ? force.abort() : drain.abort());
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, onSignal);
  return { drain: drain.signal, force: force.signal };
}

import { once } from 'node:events';
import { type Config, ConfigError } from '../config.ts';
import type { Logger } from '../log.ts';
import { openStore } from './open-store.ts';

export interface StopSignals {
  /** Drain, then end. */
  drain: AbortSignal;
  /** Let go of everything now. */
  force: AbortSignal;
}

/** The running server as its life sees it; app.ts makes it. */
export interface Running extends AsyncDisposable {
  /** 0 for a worker, which opens none. */
  port: number;
  adminPort: number;
  /** Stops taking connections, moves the sockets away, finishes what is under way. */
  drain(force: AbortSignal): Promise<void>;
}

type CreateApp = (config: Config, log: Logger, signal: AbortSignal) => Promise<Running>;

/** What closing may take after a drain; then the process ends although something still holds on. */
const CLOSE_MS = 5_000;

/** Runs the configured role until it is asked to stop. */
export async function run(createApp: CreateApp, config: Config, log: Logger, signals: StopSignals): Promise<void> {
  signals.force.addEventListener('abort', () => forceExit(log, 0));
  try {
    if (config.role === 'migrate') {
      const store = await openStore(config, log, signals.drain);
      await store[Symbol.asyncDispose]();
      log.info('the database is up to date');
      return;
    }
    if (config.role === 'backup' || config.role === 'restore') {
      // Loaded by these roles only.
      await (await import('../backup/run.ts')).runTask(config, log, signals.drain);
      return;
    }
    await serve(await createApp(config, log, signals.drain), config, log, signals);
  } catch (error) {
    if (signals.drain.aborted && !(error instanceof ConfigError)) log.info('stopped before it was ready');
    else throw error;
  }
}

async function serve(app: Running, config: Config, log: Logger, { drain, force }: StopSignals): Promise<void> {
  log.info({ port: app.port, adminPort: app.adminPort, role: config.role, fanout: config.fanout }, 'ready');
  if (!drain.aborted) await once(drain, 'abort');
  forceExit(log, config.drainSeconds * 1_000 + CLOSE_MS);
  await app.drain(force);
  await app[Symbol.asyncDispose]();
  log.info('stopped');
}

/** The one place that ends the process by force; the timer does not keep it alive. */
function forceExit(log: Logger, afterMs: number): void {
  setTimeout(() => {
    log.error('did not stop in time; ending by force');
    // oxlint-disable-next-line unicorn/no-process-exit -- something still holds the process although everything was closed
    process.exit(1);
  }, afterMs).unref();
}

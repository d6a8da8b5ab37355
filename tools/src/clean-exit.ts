import { isMainThread } from 'node:worker_threads';

/**
 * Preloaded into every test file. Sockets that were reset can keep Node 24 spinning in its own clean-up (FreeEnvironment,
 * CleanupHandles) after everything ended; an exit within the exit leaves that clean-up out.
 */
// oxlint-disable-next-line unicorn/no-process-exit -- the point of it
if (isMainThread) process.once('exit', (code) => process.exit(code));

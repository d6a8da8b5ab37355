import type { Logger } from '../log.ts';

const EVERY_MS = 10_000;

/** Says every ten seconds how far it is: long silence looks like a fault. */
export interface Progress extends Disposable {
  at(what: string): void;
  add(bytes: number): void;
  bytes(): number;
}

export function createProgress(log: Logger, verb: string): Progress {
  let what = '';
  let bytes = 0;
  const timer = setInterval(() => log.info({ table: what, mebibytes: Math.round(bytes / 2 ** 20) }, verb), EVERY_MS);
  timer.unref();
  return {
    at: (next) => void (what = next),
    add: (more) => void (bytes += more),
    bytes: () => bytes,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

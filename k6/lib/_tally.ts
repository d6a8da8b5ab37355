import type { Recorder } from './recorder.ts';

/** A recorder that keeps what it is told. */
export function createTally(): { recorder: Recorder; told: Record<string, unknown[]> } {
  const told: Record<string, unknown[]> = {};
  const recorder = new Proxy({} as Recorder, {
    get: (_target, name) => (value?: unknown) => void (told[String(name)] ??= []).push(value),
  });
  return { recorder, told };
}

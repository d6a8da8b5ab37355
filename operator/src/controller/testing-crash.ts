import type { TestingProxy } from '../runtime/testing-proxy.ts';

export interface KillStep {
  /** Counted from the last death on. */
  write: number;
  isAfter: boolean;
}

/** Kills the operator at these writes: the connection breaks just before or after, and nothing more gets through. */
export function killAt(proxy: TestingProxy, steps: KillStep[]): { isDead: () => boolean; revive: () => void } {
  let count = 0;
  let isDead = false;
  const left = [...steps];
  proxy.script = ({ method }) => {
    if (isDead) return { kind: 'reset-before' };
    if (method === 'GET' || left.length === 0) return undefined;
    count += 1;
    if (count < left[0]!.write) return undefined;
    isDead = true;
    count = 0;
    return { kind: left.shift()!.isAfter ? 'reset-after' : 'reset-before' };
  };
  return {
    isDead: () => isDead,
    revive: () => {
      isDead = false;
    },
  };
}

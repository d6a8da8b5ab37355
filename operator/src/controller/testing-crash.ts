import { openConnection } from '../runtime/kube-config.ts';
import { startTestingProxy, type TestingProxy } from '../runtime/testing-proxy.ts';
import { type Lab, startLab } from './testing.ts';

export interface FaultyLab extends AsyncDisposable {
  lab: Lab;
  /** Between the API server and operators that are started with its connection. */
  proxy: TestingProxy;
}

export async function startFaultyLab(): Promise<FaultyLab> {
  const lab = await startLab();
  const proxy = await startTestingProxy(await openConnection({ kubeconfig: lab.plane.kubeconfig }));
  return {
    lab,
    proxy,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

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

import type { Limits } from '@chatcluster/protocol';
import { networkOf } from '../auth/login-limits.ts';
import { createKeyedBuckets, createTokenBucket } from '../limits/token-bucket.ts';

export interface AdmissionDeps {
  limits: Pick<Limits, 'handshakesPerSecondPerAddress' | 'handshakesPerSecondPerPod' | 'socketsPerPod'>;
  enabled: boolean;
  connections(): number;
  isDraining(): boolean;
  nowMs?: () => number;
}

/** Decides over new handshakes; sockets that are there are never touched. 0: let it in, else ms until a new try makes sense. */
export function createAdmission(deps: AdmissionDeps) {
  const { limits, nowMs = () => performance.now() } = deps;
  const pod = createTokenBucket(limits.handshakesPerSecondPerPod, limits.handshakesPerSecondPerPod);
  const addresses = createKeyedBuckets(limits.handshakesPerSecondPerAddress, limits.handshakesPerSecondPerAddress);
  return (address: string): number => {
    if (deps.isDraining()) return 1_000;
    if (deps.connections() >= limits.socketsPerPod) return 5_000;
    if (!deps.enabled) return 0;
    const now = nowMs();
    return addresses.take(networkOf(address), now) || pod.take(now);
  };
}
export type Admission = ReturnType<typeof createAdmission>;

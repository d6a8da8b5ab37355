import { profiles } from '../lib/profile.ts';
import { defineScenario } from '../lib/scenario.ts';

/** One step of the scaling curve: `k6/run.ts` repeats it with 1, 2, 3 … pods and as many times the load. */
const scenario = defineScenario({
  name: 'horizontal-scaling',
  profile: profiles.constant,
  defaults: { vus: 2, socketsPerVu: 50, ratePerSecond: 100, durationMs: 30_000 },
});

export const { options, setup, run, handleSummary } = scenario;

import { profiles } from '../lib/profile.ts';
import { defineScenario } from '../lib/scenario.ts';

/** A moderate load for an hour: tokens are refreshed, memory must not grow, nothing may be lost. */
const scenario = defineScenario({
  name: 'soak',
  profile: profiles.constant,
  defaults: { vus: 4, socketsPerVu: 50, ratePerSecond: 50, durationMs: 60 * 60_000, sampleEvery: 20 },
});

export const { options, setup, run, handleSummary } = scenario;

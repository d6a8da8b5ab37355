import { profiles } from '../lib/profile.ts';
import { defineScenario } from '../lib/scenario.ts';

/** The same load for a while. */
const scenario = defineScenario({
  name: 'steady',
  profile: profiles.constant,
  defaults: { vus: 4, socketsPerVu: 50, ratePerSecond: 100, durationMs: 60_000 },
});

export const { options, setup, run, handleSummary } = scenario;

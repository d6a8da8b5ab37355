import { profiles } from '../lib/profile.ts';
import { defineScenario } from '../lib/scenario.ts';

/** A tenth of the load, then all of it at once for a fifth of the time, then a tenth again. */
const scenario = defineScenario({
  name: 'spike',
  profile: profiles.spike,
  defaults: { vus: 4, socketsPerVu: 50, ratePerSecond: 500, durationMs: 2 * 60_000 },
});

export const { options, setup, run, handleSummary } = scenario;

import { profiles } from '../lib/profile.ts';
import { defineScenario } from '../lib/scenario.ts';

/** Clients and messages grow to the full size over four fifths of the time: where does it bend? */
const scenario = defineScenario({
  name: 'ramp',
  profile: profiles.ramp,
  defaults: { vus: 4, socketsPerVu: 100, ratePerSecond: 400, durationMs: 3 * 60_000 },
});

export const { options, setup, run, handleSummary } = scenario;

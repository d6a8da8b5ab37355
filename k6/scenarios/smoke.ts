import { profiles } from '../lib/profile.ts';
import { defineScenario } from '../lib/scenario.ts';

/** A few clients for a few seconds, with tickets: does everything work at all? */
const scenario = defineScenario({
  name: 'smoke',
  profile: profiles.constant,
  defaults: { vus: 1, socketsPerVu: 10, ratePerSecond: 10, durationMs: 5_000, sampleEvery: 1, p99Ms: 1_000, credential: 'ticket' },
  thresholds: () => ({ connect_failed: ['count==0'], dropped: ['count==0'] }),
});

export const { options, setup, run, handleSummary } = scenario;

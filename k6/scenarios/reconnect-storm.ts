import { profiles } from '../lib/profile.ts';
import { defineScenario } from '../lib/scenario.ts';

/** Every client loses its connection at the same moment, twice: how long until all are back? */
const scenario = defineScenario({
  name: 'reconnect-storm',
  profile: profiles.storm,
  defaults: { vus: 4, socketsPerVu: 100, ratePerSecond: 20, durationMs: 60_000, p99Ms: 2_000 },
  // Full jitter ends at 30 s only for clients that were refused many times.
  thresholds: () => ({ reconnect_ms: ['p(99)<10000', 'max<40000'], acknowledged: ['count>0'] }),
});

export const { options, setup, run, handleSummary } = scenario;

import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { createMetrics } from './metrics.ts';
import type { Profile } from './profile.ts';
import { checkTarget } from './rest.ts';
import { type Defaults, parseSettings, type Settings, warmUpMs } from './settings.ts';
import { countingThresholds, describe, type SummaryData, toReport } from './summary.ts';
import { measureCpu, runVu } from './vu.ts';
import { createWorld, type World } from './world.ts';

export interface ScenarioDefinition {
  name: string;
  profile: Profile;
  defaults: Defaults;
  /** More rules than those that hold for every scenario. */
  thresholds?(settings: Settings): Record<string, string[]>;
}

const GRACE_MS = 30_000;

function createOptions(settings: Settings, thresholds: Record<string, string[]>): Options {
  const { vus, durationMs, ackTimeoutMs, lossAfterMs, p99Ms } = settings;
  const maxDuration = `${Math.ceil((warmUpMs(settings) + durationMs + ackTimeoutMs + lossAfterMs + GRACE_MS) / 1_000)}s`;
  return {
    setupTimeout: '15m',
    // One iteration per VU is the whole run: a VU holds its sockets from the beginning to the end.
    scenarios: { chat: { executor: 'per-vu-iterations', exec: 'run', vus, iterations: 1, maxDuration, gracefulStop: '0s' } },
    summaryTrendStats: ['avg', 'min', 'med', 'p(95)', 'p(99)', 'max', 'count'],
    thresholds: {
      acknowledged: ['count>0'],
      send_ack_ms: [`p(99)<${p99Ms}`],
      delivery_ms: [`p(99)<${p99Ms}`],
      followed_lost: ['count==0'],
      unanswered: ['count==0'],
      refused: ['count==0'],
      ...thresholds,
      ...countingThresholds,
    },
  };
}

function toPrintable(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Everything that k6 wants a script to export. */
export function defineScenario({ name, profile, defaults, thresholds }: ScenarioDefinition) {
  const settings = parseSettings(__ENV, defaults);
  const recorder = createMetrics();
  return {
    options: createOptions(settings, thresholds?.(settings) ?? {}),
    setup(): World {
      try {
        for (const url of settings.restUrls) checkTarget(url);
        return createWorld(settings, Date.now().toString(36));
      } catch (error) {
        // Ends the run with one line instead of a stack; k6's exit code is 108.
        exec.test.abort(toPrintable(error));
        throw error;
      }
    },
    async run({ parts, run }: World): Promise<void> {
      const index = exec.scenario.iterationInTest;
      const options = { settings, profile, part: parts[index]!, index, run, startAt: exec.scenario.startTime, recorder };
      await Promise.all([runVu(options), index === 0 ? measureCpu(options) : undefined]);
    },
    handleSummary(data: SummaryData): Record<string, string> {
      const report = toReport(name, settings, data);
      const json = `${JSON.stringify(report, null, 2)}\n`;
      const file = __ENV.K6_SUMMARY;
      if (file === 'stdout') return { stdout: `${describe(report)}\n${JSON.stringify(report)}\n` };
      return { stdout: describe(report), ...(file ? { [file]: json } : {}) };
    },
  };
}

import { type Env, parseSettings } from '../lib/settings.ts';
import { toTable } from '../lib/summary.ts';
import { runK6 } from './k6-process.ts';
import { createKubernetesPods } from './kubernetes-pods.ts';
import { judge, type Rule, type Step, toRows, toStep, withEfficiency } from './scaling.ts';
import { type Target, TargetError } from './target.ts';

export interface ScalingReport {
  scenario: 'horizontal-scaling';
  ok: boolean;
  steps: Step[];
  rules: Rule[];
}
export interface ScalingOptions {
  k6: string;
  script: string;
  env: Env;
  target: Target;
  say(text: string): void;
}

/** Which pods carry the load of a step. */
interface Pods extends AsyncDisposable {
  use(count: number): Promise<{ urls: string[]; adminUrls: string[] }>;
}

/** As in the scenario's file; here they are multiplied by the number of pods. */
const perPod = { vus: 1, socketsPerVu: 50, ratePerSecond: 50 };

export function parseSteps(raw: string | undefined, fallback: number): number[] {
  const steps = raw ? raw.split(',').map(Number) : Array.from({ length: fallback }, (_, i) => i + 1);
  const isGood = steps.length > 0 && steps.every((count, i) => Number.isInteger(count) && count > (steps[i - 1] ?? 0));
  if (!isGood) throw new TargetError(`STEPS="${raw}" must be numbers of pods in ascending order, such as 1,2,3`);
  return steps;
}

function fixedPods({ pods }: Target): Pods {
  return {
    async use(count) {
      const used = pods.slice(0, count);
      if (used.length < count)
        throw new TargetError(`there are ${pods.length} pods, STEPS asks for ${count}; start more, or give more URLs`);
      return { urls: used.map(({ url }) => url), adminUrls: used.flatMap(({ adminUrl }) => adminUrl ?? []) };
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function runStep({ k6, script, env, say }: ScalingOptions, pods: Pods, count: number): Promise<Step> {
  const { urls, adminUrls } = await pods.use(count);
  const given = parseSettings({ ...env, URL: urls.join(',') }, perPod);
  const scaled = { VUS: `${given.vus * count}`, RATE: `${given.ratePerSecond * count}` };
  say(
    `${count} ${count === 1 ? 'pod' : 'pods'}: ${given.vus * given.socketsPerVu * count} clients, ${scaled.RATE} messages/s, ${given.durationMs / 1_000} s`,
  );
  // The rules are judged over all steps, so that the curve is complete even where one is missed.
  const result = await runK6({ k6, script, quiet: true, env: { ...env, ...scaled, URL: urls.join(','), ADMIN_URL: adminUrls.join(',') } });
  if (!result.report || (result.report.metrics.acknowledged?.count ?? 0) === 0) {
    throw new TargetError(`the load with ${count} pods did not run (exit code ${result.exitCode}); the message above says why`);
  }
  const moved = result.report.metrics.moved?.count ?? 0;
  if (moved > 0)
    say(`  ${moved} clients were moved to balance the pods, which costs time; for this measurement start the cluster with REBALANCE=off`);
  return toStep(count, result.report);
}

/** The same load per pod at 1, 2, 3 … pods. */
export async function runScaling(options: ScalingOptions): Promise<ScalingReport> {
  const { target, env, say } = options;
  const efficiency = Number(env.EFFICIENCY || 0.85);
  if (!(efficiency > 0 && efficiency <= 1)) throw new TargetError(`EFFICIENCY="${env.EFFICIENCY}" must be a number up to 1, such as 0.85`);
  const counts = parseSteps(env.STEPS, target.kubernetes ? 3 : target.pods.length);
  await using pods = target.kubernetes ? await createKubernetesPods(target.kubernetes, target.urls, say) : fixedPods(target);
  const measured: Step[] = [];
  for (const count of counts) measured.push(await runStep(options, pods, count));
  const steps = withEfficiency(measured);
  const rules = judge(steps, { efficiency, p99Ms: parseSettings({ ...env, URL: 'http://-' }).p99Ms });
  say(`\n${toTable(toRows(steps))}\n\n${rules.map(({ rule, ok }) => `  ${ok ? '✔' : '✖'} ${rule}`).join('\n')}\n`);
  return { scenario: 'horizontal-scaling', ok: rules.every(({ ok }) => ok), steps, rules };
}

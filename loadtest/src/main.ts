import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nowMs } from './clock.ts';
import { wrongCount } from './oracle/verdict.ts';
import { Progress } from './progress.ts';
import { createReport } from './report/create.ts';
import { readReport, writeReport } from './report/files.ts';
import { summarize } from './report/summary.ts';
import { LoadError } from './rest.ts';
import { cores, runLoad } from './run.ts';
import { parseSettings } from './settings.ts';
import { findTarget } from './target.ts';

const root = join(import.meta.dirname, '../..');

async function main(): Promise<void> {
  const { env } = process;
  const settings = parseSettings(env, { cores, seed: Date.now() % 2 ** 31 });
  const localDir = env.LOCAL_DIR || join(root, '.local');
  const target = findTarget(env, localDir, settings.via);
  const earlier = settings.compareFile === undefined ? undefined : readReport(settings.compareFile);
  const progress = new Progress(process.stdout, nowMs);
  progress.say(
    `${settings.users} people on ${target.urls.join(', ')} (${target.from}) for ${settings.durationMs / 1_000} s, SEED=${settings.seed}`,
  );
  const stop = new AbortController();
  // The first Ctrl-C ends the load early, mends what is broken, and still judges and reports; the second one ends the program.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());
  const result = await runLoad({ settings, target, progress, signal: stop.signal });
  const report = createReport({ settings, target, result });
  const outDir = settings.outDir ?? join(localDir, 'load');
  mkdirSync(outDir, { recursive: true });
  const files = writeReport(outDir, report, earlier);
  progress.say(summarize(report, earlier).join('\n'));
  progress.say(`\n${files.html}\n${files.json}`);
  const grows = settings.isSoak && report.growth.some(({ verdict }) => verdict !== 'flat');
  const isWrong = grows || wrongCount(report.verdict) > 0 || (settings.isLateWrong && report.verdict.late > 0);
  process.exitCode = isWrong ? 1 : 0;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof LoadError ? error.message : ((error as Error).stack ?? String(error))}\n`);
  process.exitCode = 1;
});

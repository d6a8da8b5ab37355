import type { Config } from '../config.ts';
import { createJobRunner, type JobRunner, type JobRunnerDeps } from '../jobs/runner.ts';

/** Jobs are run by `all` and `worker`; other roles only write them. */
export function openJobs({ role }: Pick<Config, 'role'>, deps: JobRunnerDeps): JobRunner {
  if (role === 'all' || role === 'worker') return createJobRunner(deps);
  return { handle: () => undefined, [Symbol.asyncDispose]: async () => undefined };
}

import { chmodSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNodeTests, runVitest, type Tally } from './run-suite.ts';
import { ServiceError, startPostgres, startRedis } from './services.ts';

const root = join(import.meta.dirname, '..', '..');
interface SuiteFiles {
  files: string;
  /** Whether Postgres and Redis are started for it. */
  services: boolean;
  /** Files of another suite. */
  except?: RegExp;
  /** Longest life of a file, where it is more than usual. */
  fileMinutes?: number;
}

const suites = {
  protocol: { files: 'protocol/**/*.test.ts', services: false },
  client: { files: 'client/**/*.test.ts', services: true },
  server: { files: 'server/**/*.test.ts', services: true, except: /\/chaos[^/]*$/ },
  // Starts services of its own, to kill them.
  chaos: { files: 'server/tests/chaos*.test.ts', services: false },
  web: { files: 'web/**/*.test.{ts,tsx}', services: false },
  cdk8s: { files: 'cdk8s/**/*.test.ts', services: false },
  operator: { files: 'operator/**/*.test.ts', services: false },
  chart: { files: 'chart/**/*.test.ts', services: false },
  k6: { files: 'k6/**/*.test.ts', services: true },
  loadtest: { files: 'loadtest/**/*.test.ts', services: true },
  e2e: { files: 'tests/*.test.ts', services: true },
  // Starts a whole Kubernetes, or uses the one that runs.
  kubernetes: { files: 'tests/kubernetes/*.test.ts', services: false, fileMinutes: 30 },
  tools: { files: 'tools/**/*.test.ts', services: true },
} as const satisfies Record<string, SuiteFiles>;
type Suite = keyof typeof suites;

function isSuite(name: string | undefined): name is Suite {
  return name !== undefined && Object.hasOwn(suites, name);
}

/** Sets TEST_DATABASE_URL and TEST_REDIS_URL, to servers of this run unless they are given. */
async function startServices(): Promise<AsyncDisposable> {
  const dir = mkdtempSync(join(tmpdir(), 'chat-test-'));
  chmodSync(dir, 0o755);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  if (!process.env.TEST_DATABASE_URL) {
    const postgres = await startPostgres({ dataDir: join(dir, 'postgres') });
    stack.defer(() => postgres.stop());
    process.env.TEST_DATABASE_URL = postgres.url;
  }
  if (!process.env.TEST_REDIS_URL) {
    const redis = await startRedis({ dir: join(dir, 'redis') });
    stack.defer(() => redis.stop());
    process.env.TEST_REDIS_URL = redis.url;
  }
  return stack.move();
}

async function run(suite: Suite, only: string[], signal: AbortSignal): Promise<Tally> {
  const { files: pattern, services, except, fileMinutes }: SuiteFiles = suites[suite];
  const found = () => globSync(pattern, { cwd: root, exclude: (name) => name.includes('node_modules') });
  const files =
    only.length > 0
      ? only
      : found()
          .filter((file) => !except?.test(file))
          .sort();
  if (files.length === 0) return { passed: 0, failed: 0 };
  if (suite === 'web') return runVitest(root, only, signal);
  if (!services) return runNodeTests(root, files, signal, fileMinutes);
  await using _services = await startServices();
  return await runNodeTests(root, files, signal, fileMinutes);
}

async function main(): Promise<void> {
  const [suite, ...only] = process.argv.slice(2);
  if (!isSuite(suite)) throw new ServiceError(`which suite? One of: ${Object.keys(suites).join(', ')}`);
  const missing = only.find((file) => !existsSync(join(root, file)) && !existsSync(file));
  if (missing) throw new ServiceError(`${missing} does not exist`);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop.abort());
  const { passed, failed } = await run(suite, only, stop.signal);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  if (failed > 0 || (passed === 0 && only.length > 0)) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ServiceError ? error.message : (error as Error).stack}\n`);
  process.stdout.write('0 passed, 1 failed\n');
  process.exitCode = 1;
});

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite } from 'node:test';
import { openBrowser } from './_browser.ts';
import { startCluster } from './_cluster.ts';
import { createWorld, type World } from './_web.ts';

/** One cluster and one browser for several groups of tests: starting them takes longer than most of the tests. */
export function webSuite(name: string, groups: ((world: () => World) => void)[], env: NodeJS.ProcessEnv = {}): void {
  suite(name, () => {
    const stack = new AsyncDisposableStack();
    let world: World | undefined;
    before(async () => {
      const webRoot = mkdtempSync(join(tmpdir(), 'chat-web-'));
      stack.defer(() => rmSync(webRoot, { recursive: true, force: true }));
      const cluster = stack.use(await startCluster(1, { RATE_LIMITS: 'off', ...env, WEB_ROOT: webRoot }));
      cpSync(join(import.meta.dirname, '..', 'web/dist'), webRoot, { recursive: true });
      world = await createWorld(cluster, stack.use(await openBrowser()), webRoot);
    });
    after(() => stack.disposeAsync());
    const get = () => {
      if (!world) throw new Error('the cluster did not start');
      return world;
    };
    for (const group of groups) group(get);
  });
}

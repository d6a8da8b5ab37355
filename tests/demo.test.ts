import { test } from 'node:test';
import { openBrowser } from './_browser.ts';
import { startCluster } from './_cluster.ts';
import { playDemo } from './_demo.ts';

// `make demo` plays it for longer and writes the pictures of the documentation; here it only must not rot.
// A scene of five people takes its time on a busy machine.
test('the scene of make demo plays to its end', { timeout: 900_000 }, async () => {
  await using cluster = await startCluster(2, { RATE_LIMITS: 'off' });
  await using browser = await openBrowser();
  await playDemo(browser, cluster, { talkSeconds: process.env.SCREENSHOTS === 'docs' ? 20 : 4 });
});

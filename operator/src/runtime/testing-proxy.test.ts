import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

/** Cuts off an answer whose connection is being ended already. */
const program = `
import { createServer, get } from 'node:http';
import { reset } from ${JSON.stringify(join(import.meta.dirname, 'testing-proxy.ts'))};
const server = createServer((request, response) => {
  response.socket.end();
  reset(response);
  server.close();
});
server.listen(0, '127.0.0.1', () => get({ port: server.address().port, host: '127.0.0.1' }).on('error', () => undefined));
`;

test('a process that cut off a connection which was being ended comes to its own end', { timeout: 60_000 }, async (t) => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  t.after(() => child.kill('SIGKILL'));
  const [code] = (await once(child, 'close', { signal: AbortSignal.timeout(30_000) })) as [number | null];
  assert.equal(code, 0);
});

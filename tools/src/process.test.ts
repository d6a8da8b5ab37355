import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { claimPort, freePort } from './process.ts';

const program = (expression: string) =>
  `import { claimPort, freePort } from ${JSON.stringify(join(import.meta.dirname, 'process.ts'))}; console.log(${expression});`;

async function inAnotherProcess(expression: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(expression)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  await once(child, 'close');
  return output.trim();
}

test('a port that was given to one process is given to no other while it lives', async () => {
  const port = await freePort();
  assert.equal(await inAnotherProcess(`claimPort(${port})`), 'false');
});

test('a port is free again when the process that asked for it has ended', async () => {
  const port = Number(await inAnotherProcess('await freePort()'));
  assert.equal(claimPort(port), true);
});

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { withFileLock } from './file-lock.ts';

function folder() {
  const path = mkdtempSync(join(tmpdir(), 'chat-lock-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const moduleUrl = new URL('file-lock.ts', import.meta.url).href;
const program = (lock: string, log: string) => `
  import { appendFileSync } from 'node:fs';
  import { withFileLock } from ${JSON.stringify(moduleUrl)};
  for (let i = 0; i < 20; i += 1) withFileLock(${JSON.stringify(lock)}, () => {
    appendFileSync(${JSON.stringify(log)}, 'in ');
    for (let n = 0; n < 200_000; n += 1) Math.sqrt(n);
    appendFileSync(${JSON.stringify(log)}, 'out ');
  });`;

test('several processes do their work one after the other', async () => {
  using dir = folder();
  const [lock, log] = [join(dir.path, 'lock'), join(dir.path, 'log')];
  appendFileSync(log, '');
  const children = [1, 2, 3].map(() => spawn(process.execPath, ['--input-type=module', '-e', program(lock, log)], { stdio: 'inherit' }));
  const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  assert.deepEqual(codes, [0, 0, 0]);
  assert.equal(readFileSync(log, 'utf8'), 'in out '.repeat(60));
  assert.equal(existsSync(lock), false);
});

test('the lock of a process that is gone is taken over', () => {
  using dir = folder();
  const lock = join(dir.path, 'lock');
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(lock, JSON.stringify({ pid, birth: 'long ago' }));
  assert.equal(
    withFileLock(lock, () => 'done'),
    'done',
  );
});

test('a lock that is held for too long is an error that says by whom', () => {
  using dir = folder();
  const lock = join(dir.path, 'lock');
  assert.throws(() => withFileLock(lock, () => withFileLock(lock, () => undefined, 100)), new RegExp(`held by process ${process.pid}`));
  assert.equal(existsSync(lock), false);
});

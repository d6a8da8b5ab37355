import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Entry, packTar } from './tar.ts';

async function pack(entries: Entry[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of packTar(entries)) parts.push(part);
  return Buffer.concat(parts);
}

const long = `${'deep/'.repeat(25)}file`;
const entries: Entry[] = [
  { type: 'file', path: 'bin/run', content: '#!', mode: 0o755 },
  { type: 'link', path: 'bin/link', target: 'run' },
  { type: 'folder', path: 'tmp', mode: 0o1777 },
  { type: 'file', path: long, content: 'x'.repeat(513) },
];

test('a system tar unpacks what was packed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chat-tar-'));
  try {
    writeFileSync(join(dir, 'a.tar'), await pack(entries));
    execFileSync('tar', ['-xpf', 'a.tar'], { cwd: dir });
    assert.equal(readFileSync(join(dir, 'bin/run'), 'utf8'), '#!');
    assert.equal(statSync(join(dir, 'bin/run')).mode & 0o7777, 0o755);
    assert.equal(readlinkSync(join(dir, 'bin/link')), 'run');
    assert.equal(statSync(join(dir, 'tmp')).mode & 0o7777, 0o1777);
    assert.equal(readFileSync(join(dir, long), 'utf8').length, 513);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('the order of the entries does not matter', async () => {
  assert.deepEqual(await pack(entries), await pack(entries.toReversed()));
});

test('a path that no archive can hold is an error', async () => {
  await assert.rejects(pack([{ type: 'file', path: 'x'.repeat(101), content: '' }]), /too long/);
});

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createGate } from './gate.ts';
import { createPasswords } from './passwords.ts';

const cost = { memoryCost: 8, timeCost: 1, parallelism: 1 };

it('hashes with argon2id at the recommended cost', async () => {
  const passwords = await createPasswords();
  assert.match(await passwords.hash('correct horse'), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
});

it('tells right from wrong, and does the same work for an account that does not exist', async () => {
  const passwords = await createPasswords({ cost });
  const stored = await passwords.hash('pässword');
  assert.equal(await passwords.verify(stored, 'pässword'), true);
  assert.equal(await passwords.verify(stored, 'pa\u0308ssword'), true, 'the same text in another Unicode form');
  assert.equal(await passwords.verify(stored, 'password'), false);
  assert.equal(await passwords.verify(null, 'no account has this one'), false);
});

it('runs as many tasks at once as allowed, in order, and refuses what does not fit in the queue', async () => {
  const gate = createGate(2, 3, () => new Error('full'));
  const started: number[] = [];
  const release: (() => void)[] = [];
  const tasks = Array.from({ length: 6 }, (_, i) =>
    gate(
      () =>
        new Promise<void>((resolve) => {
          started.push(i);
          release.push(resolve);
        }),
    ),
  );
  const all = Promise.allSettled(tasks);
  await assert.rejects(tasks[5]!, /full/);
  assert.deepEqual(started, [0, 1]);
  for (let i = 0; i < 5; i++) {
    release[i]!();
    await tasks[i];
  }
  assert.equal((await all).filter((t) => t.status === 'fulfilled').length, 5);
  assert.deepEqual(started, [0, 1, 2, 3, 4]);
  await gate(async () => undefined);
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, eventually, runSql } from '@chatcluster/tools/testing';
import { type Game, nextMove } from './_state-steps.ts';
import { createDevice, createRandom, type Device, lookAt, lookFresh, openAll, passOver, signUp } from './_state-world.ts';
import { startTestServer, type TestServer } from './server.ts';

/** `STATE_SEEDS=100-300` or `STATE_SEEDS=42`; `STATE_STEPS` how much is done in each. */
const [first = 1, last = first] = (process.env.STATE_SEEDS ?? '1-6').split('-').map(Number);
const STEPS = Number(process.env.STATE_STEPS ?? 60);
/** Games side by side: most of the time somebody waits. */
const AT_ONCE = 3;

let stack: AsyncDisposableStack;
let server: TestServer;
let databaseUrl: string;
let dir: string;

before(async () => {
  stack = new AsyncDisposableStack();
  dir = mkdtempSync(join(tmpdir(), 'chat-state-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const database = stack.use(await createDatabase());
  databaseUrl = database.url;
  server = stack.use(await startTestServer(databaseUrl, { RETENTION_MESSAGES_DAYS: '30', RETENTION_SWEEP_SECONDS: '1' }));
});
after(() => stack.disposeAsync());

async function age(conversationId: string): Promise<void> {
  await runSql(
    databaseUrl,
    `update entries e set at = at - interval '40 days' from conversations c
     where c.id = $1 and e.conversation_id = c.id and e.seq <= c.last_seq / 2`,
    [conversationId],
  );
}

async function play(seed: number): Promise<void> {
  const random = createRandom(seed);
  const people = await Promise.all(['Ada', 'Bob', 'Cem'].map((name, i) => signUp(server.url, name, i > 0)));
  await using devices = new AsyncDisposableStack();
  const all = await Promise.all(people.flatMap((person) => ['1', '2'].map((label) => createDevice(server.url, dir, person, label))));
  for (const device of all) devices.defer(() => device.close());
  await all[0]!.client.createGroup({ title: 'one', memberIds: people.map((p) => p.id) });
  await all[0]!.client.createGroup({ title: 'two', memberIds: people.map((p) => p.id), history: 'all' });
  await eventually(() => all.every((d) => d.client.conversations().length === 2), { message: 'everybody is in', deadlineMs: 60_000 });
  const steps: string[] = [];
  try {
    await act({ random, people, devices: all, age }, steps);
    await agree(all, false);
    await agree(all, true);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new Error(`seed ${seed}: ${message}\n${steps.map((step, i) => `${i} ${step}`).join('\n')}`, { cause: error });
  }
}

async function act(game: Game, steps: string[]): Promise<void> {
  const open: Promise<unknown>[] = [];
  for (let i = 0; i < STEPS; i += 1) {
    const move = nextMove(game);
    if (move === undefined) continue;
    steps.push(move.says);
    const done = Promise.resolve(move.run()).catch(passOver);
    // Often together with what comes next.
    if (game.random.is(0.4) || /restart|wipe/.test(move.says)) await done;
    else open.push(done);
    if (game.random.is(0.3)) await sleep(game.random.below(30));
  }
  for (const device of game.devices) if (!device.isUp) device.up();
  await Promise.all(open);
}

/** What each device has built equals what a new one fetches, once everything has come to rest. */
async function agree(devices: readonly Device[], whole: boolean): Promise<void> {
  if (whole) {
    for (const { client, opened } of devices) {
      for (const { id } of client.conversations()) opened.add(id);
      await openAll(client, opened);
    }
  }
  const compare = async (device: Device) => {
    const fresh = await lookFresh(server.url, device.person, device.opened);
    assert.deepEqual(lookAt(device.client, device.opened), fresh, `${device.label}${whole ? ', everything opened' : ''}`);
  };
  const isLive = () => devices.every((d) => d.client.connection().state === 'live');
  await eventually(isLive, { message: 'all devices are live', deadlineMs: 60_000 });
  const endsAt = Date.now() + 30_000;
  for (const device of devices) {
    for (;;) {
      try {
        await compare(device);
        break;
      } catch (error) {
        if (Date.now() > endsAt) throw error;
        await sleep(200);
      }
    }
  }
}

test('whatever people do on their devices, each shows in the end what a new device fetches', { timeout: 3_600_000 }, async () => {
  const seeds = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const failures: unknown[] = [];
  const player = async () => {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift())
      await play(seed).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, player));
  assert.equal(failures.length, 0, failures.map((error) => (error as Error).message).join('\n\n'));
});

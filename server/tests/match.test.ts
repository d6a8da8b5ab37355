import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import pg from 'pg';
import { startPods } from './_pods.ts';

class ClosingClient extends pg.Client {
  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }
}

it('pairs two strangers who wait on different pods, and nobody who has left', async () => {
  await using cluster = await startPods(2);
  const [ann, bob, cid, dan] = await cluster.guests(4);
  const annSocket = await cluster.connect(ann!, 0);
  const bobSocket = await cluster.connect(bob!, 1);
  const cidSocket = await cluster.connect(cid!, 0);
  const danSocket = await cluster.connect(dan!, 1);

  assert.deepEqual(await annSocket.call('match:join', {}), { waiting: true });
  assert.deepEqual(await annSocket.call('match:join', {}), { waiting: true });
  assert.deepEqual(await bobSocket.call('match:join', {}), { waiting: true });
  const [seenByAnn, seenByBob] = await Promise.all([annSocket.next('conversation:added'), bobSocket.next('conversation:added')]);
  assert.equal(seenByAnn.conversation.id, seenByBob.conversation.id);
  assert.equal(seenByAnn.conversation.matched, true);
  assert.deepEqual(seenByAnn.conversation.members?.map((m) => m.userId).sort(), [ann!.id, bob!.id].sort());

  await cidSocket.call('match:join', {});
  assert.deepEqual(await cidSocket.call('match:leave', {}), { waiting: false });
  await danSocket.call('match:join', {});
  await cidSocket.call('match:join', {});
  const { conversation } = await cidSocket.next('conversation:added');
  assert.deepEqual(conversation.members?.map((m) => m.userId).sort(), [cid!.id, dan!.id].sort());
});

it('gives up the place of somebody whose last socket went', async () => {
  await using cluster = await startPods(2);
  const [ann, bob, cid] = await cluster.guests(3);
  const annSocket = await cluster.connect(ann!, 0);
  await annSocket.call('match:join', {});
  annSocket.socket.disconnect();
  await using client = new ClosingClient({ connectionString: cluster.databaseUrl });
  await client.connect();
  await eventually(async () => (await client.query('select 1 from match_waiting')).rowCount === 0);
  const bobSocket = await cluster.connect(bob!, 1);
  const cidSocket = await cluster.connect(cid!, 0);
  await bobSocket.call('match:join', {});
  await cidSocket.call('match:join', {});
  const { conversation } = await bobSocket.next('conversation:added');
  assert.deepEqual(conversation.members?.map((m) => m.userId).sort(), [bob!.id, cid!.id].sort());
});

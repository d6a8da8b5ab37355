import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { eventually } from '@chatcluster/tools/testing';
import type { FakeStore, RecordingSocket } from './testing.ts';
import type { Fanout } from './types.ts';

export interface Pod {
  fanout: Fanout;
  connect(userId: string): Promise<RecordingSocket>;
}

export interface Cluster extends AsyncDisposable {
  /** False: publishes of two pods may arrive in either order; the client's rule puts them right (protocol.md 7). */
  isOrdered: boolean;
  pods: [Pod, Pod, Pod];
  store: FakeStore;
}

type Case = (cluster: Cluster) => Promise<void>;
type Batch = ReturnType<FakeStore['append']>;

/** Publishes and marks, as the delivery of committed batches does. */
export async function publish(cluster: Cluster, pod: Pod, batch: Batch): Promise<boolean> {
  const told = await pod.fanout.publish(batch);
  if (told) cluster.store.mark(batch.batchId);
  return told;
}

const users = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

async function connectOnePerPod(cluster: Cluster, userIds: string[]): Promise<RecordingSocket[]> {
  return Promise.all(userIds.map((userId, i) => cluster.pods[i % 3]!.connect(userId)));
}

/** As it came, or where the mode gives no order, as a client makes of it. */
function asSeen(cluster: Cluster, socket: RecordingSocket, conversationId: string): number[] {
  const seqs = socket.seqs(conversationId);
  return cluster.isOrdered ? seqs : [...new Set(seqs)].toSorted((a, b) => a - b);
}

async function everyRecipientGetsEachEntry(cluster: Cluster): Promise<void> {
  const members = users(6);
  const conversationId = cluster.store.create(members);
  const stranger = await cluster.pods[1].connect(randomUUID());
  const sockets = await connectOnePerPod(cluster, members);
  sockets.push(await cluster.pods[2].connect(members[0]!));
  for (let i = 0; i < 20; i += 1) assert.equal(await publish(cluster, cluster.pods[i % 3]!, cluster.store.append(conversationId)), true);
  for (const socket of sockets) {
    await eventually(() => new Set(socket.seqs(conversationId)).size >= 20);
    assert.deepEqual(
      asSeen(cluster, socket, conversationId),
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
  }
  assert.deepEqual(stranger.received, []);
}

async function wrongWayRound(cluster: Cluster): Promise<void> {
  const members = users(3);
  const conversationId = cluster.store.create(members);
  const sockets = await connectOnePerPod(cluster, members);
  await publish(cluster, cluster.pods[0], cluster.store.append(conversationId));
  const pairs = Array.from({ length: 10 }, () => [cluster.store.append(conversationId), cluster.store.append(conversationId)] as const);
  const late: Promise<boolean>[] = [];
  for (const [second, third] of pairs) {
    late.push(publish(cluster, cluster.pods[2], third));
    await publish(cluster, cluster.pods[1], second);
  }
  for (const socket of sockets) {
    await eventually(() => new Set(socket.seqs(conversationId)).size >= 21);
    assert.deepEqual(
      asSeen(cluster, socket, conversationId),
      Array.from({ length: 21 }, (_, i) => i + 1),
    );
  }
  assert.deepEqual(
    await Promise.all(late),
    late.map(() => true),
  );
}

async function firstAfterSilence(cluster: Cluster): Promise<void> {
  const members = users(3);
  const sockets = await connectOnePerPod(cluster, members);
  const silent = Array.from({ length: 10 }, () => cluster.store.create(members));
  const told = silent.map(async (conversationId) => {
    const [first, second, third] = [0, 1, 2].map(() => cluster.store.append(conversationId)) as [Batch, Batch, Batch];
    const early = [third, second].map((batch, i) => publish(cluster, cluster.pods[i]!, { ...batch, closeBehind: true }));
    await setTimeout(20);
    assert.deepEqual(await Promise.all([publish(cluster, cluster.pods[2], first), ...early]), [true, true, true]);
  });
  await Promise.all(told);
  for (const socket of sockets)
    for (const conversationId of silent) {
      await eventually(() => new Set(socket.seqs(conversationId)).size === 3);
      assert.deepEqual(asSeen(cluster, socket, conversationId), [1, 2, 3]);
    }
}

async function holdsNotForEver(cluster: Cluster): Promise<void> {
  const members = users(3);
  const conversationId = cluster.store.create(members);
  const sockets = await connectOnePerPod(cluster, members);
  await publish(cluster, cluster.pods[0], cluster.store.append(conversationId));
  cluster.store.append(conversationId);
  assert.equal(await publish(cluster, cluster.pods[1], cluster.store.append(conversationId)), true);
  for (const socket of sockets) await eventually(() => socket.seqs(conversationId).includes(3), { deadlineMs: 10_000 });
}

async function largeConversation(cluster: Cluster): Promise<void> {
  const members = users(120);
  const conversationId = cluster.store.create(members, 'conversation');
  const sockets = await connectOnePerPod(cluster, members.slice(0, 6));
  await publish(cluster, cluster.pods[0], cluster.store.append(conversationId));
  const added = randomUUID();
  const newcomer = await cluster.pods[2].connect(added);
  await publish(cluster, cluster.pods[1], cluster.store.add(conversationId, added));
  await publish(cluster, cluster.pods[0], cluster.store.append(conversationId));
  for (const socket of sockets) await eventually(() => socket.seqs(conversationId).length === 3);
  await eventually(() => newcomer.seqs(conversationId).join() === '2,3');
}

function removedMember(routing: 'user' | 'conversation'): Case {
  return async (cluster) => {
    const members = users(routing === 'user' ? 6 : 110);
    const conversationId = cluster.store.create(members, routing);
    const sockets = await connectOnePerPod(cluster, members.slice(0, 6));
    const removed = sockets[4]!;
    await publish(cluster, cluster.pods[0], cluster.store.append(conversationId));
    for (const socket of sockets) await eventually(() => socket.seqs(conversationId).includes(1));
    await publish(cluster, cluster.pods[0], cluster.store.remove(conversationId, members[4]!));
    await publish(cluster, cluster.pods[2], cluster.store.append(conversationId));
    for (const socket of sockets) if (socket !== removed) await eventually(() => socket.seqs(conversationId).join() === '1,2,3');
    assert.deepEqual(removed.seqs(conversationId), [1, 2]);
  };
}

async function detached(cluster: Cluster): Promise<void> {
  const members = users(3);
  const conversationId = cluster.store.create(members);
  const sockets = await connectOnePerPod(cluster, members);
  cluster.pods[1].fanout.detach(sockets[1]!);
  await publish(cluster, cluster.pods[0], cluster.store.append(conversationId));
  await eventually(() => sockets[2]!.seqs(conversationId).length === 1);
  assert.deepEqual(sockets[1]!.received, []);
  const again = await cluster.pods[0].connect(members[1]!);
  await publish(cluster, cluster.pods[2], cluster.store.append(conversationId));
  await eventually(() => again.seqs(conversationId).join() === '2');
}

async function events(cluster: Cluster): Promise<void> {
  const [a, b] = users(2) as [string, string];
  const sockets = [await cluster.pods[0].connect(a), await cluster.pods[1].connect(a), await cluster.pods[2].connect(b)];
  const payload = { conversationId: 'c', userId: b, on: true };
  cluster.pods[2].fanout.toUsers([a, b], 'typing', payload, { exceptSocketId: sockets[2]!.id });
  for (const socket of sockets.slice(0, 2)) await eventually(() => socket.events('typing').length === 1);
  assert.equal(sockets[0]!.received[0]!.volatile, true);
  cluster.pods[0].fanout.toUsers([a, b], 'conversation:removed', { conversationId: 'c', reason: 'left' }, { droppable: false });
  for (const socket of sockets) await eventually(() => socket.events('conversation:removed').length === 1);
  assert.equal(sockets[2]!.received[0]!.event, 'conversation:removed');
  assert.equal(sockets[1]!.received[1]!.volatile, false);
}

async function control(cluster: Cluster): Promise<void> {
  const heard: number[] = [];
  cluster.pods.forEach((pod, i) => pod.fanout.onControl((message) => void (message.kind === 'membership' && heard.push(i))));
  cluster.pods[1].fanout.broadcast({ kind: 'membership', conversationId: 'c', memberVersion: 2 });
  await eventually(() => heard.toSorted().join() === '0,1,2');
}

const cases: Record<string, Case> = {
  'delivers each entry once, in order, to every socket of every recipient on any pod': everyRecipientGetsEachEntry,
  'puts publishes of two pods that come the wrong way round in order': wrongWayRound,
  'puts the first entries after a long silence in order': firstAfterSilence,
  'lets an entry go after a second when the one before it never comes': holdsNotForEver,
  'delivers to a large conversation, to newcomers from their entry on': largeConversation,
  'tells a removed member of the removal and of nothing after it': removedMember('user'),
  'tells a removed member of a large conversation nothing after the removal': removedMember('conversation'),
  'delivers nothing to a detached socket, and again once the user is back elsewhere': detached,
  'carries events to all sockets of users but the excepted one': events,
  'runs control messages on every pod': control,
};

/** The behaviour that every implementation shares. */
export function fanoutSuite(name: string, open: () => Promise<Cluster>): void {
  describe(`fan-out: ${name}`, () => {
    for (const [sentence, run] of Object.entries(cases)) {
      test(sentence, { timeout: 30_000 }, async () => {
        await using cluster = await open();
        await run(cluster);
      });
    }
  });
}

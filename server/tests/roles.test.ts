import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { connectError, startPods } from './_pods.ts';

it('splits into api, realtime and worker pods, each with its own work only', async () => {
  await using cluster = await startPods(1, { ROLE: 'api' });
  await cluster.addPod({ ROLE: 'realtime' });
  const worker = await cluster.addPod({ ROLE: 'worker' });
  const [ann, bob] = await cluster.guests(2);
  const group = await cluster.group([ann!, bob!]);

  const socket = await cluster.connect(bob!, 1);
  const sent = await cluster.ok<{ seq: number }>(ann!, 'POST', `/v1/conversations/${group.id}/messages`, {
    clientMsgId: randomUUID(),
    body: 'over REST',
  });
  await socket.reached(group.id, sent.seq);

  assert.equal((await cluster.rest(ann!, 'GET', '/v1/users/me', undefined, 1)).status, 404);
  assert.ok(await connectError(cluster.open(0, { auth: { token: bob!.accessToken } })));
  assert.equal(worker.app.port, 0);
  assert.equal((await fetch(`${worker.adminUrl}/readyz`)).status, 200);
});

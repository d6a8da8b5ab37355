import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { UnknownObject } from '../runtime/object.ts';
import { secrets } from './kinds.ts';
import {
  bringUp,
  createCluster,
  eventually,
  type Lab,
  listChildren,
  type Operator,
  patchSpec,
  settle,
  smallest,
  startLab,
} from './testing.ts';

let lab: Lab;
let operator: Operator;
before(async () => {
  lab = await startLab();
  operator = lab.startOperator();
});
after(() => lab[Symbol.asyncDispose]());

/** Its keys, decoded; undefined while there is none. */
async function readLink(namespace: string): Promise<Record<string, string> | undefined> {
  const found = (await listChildren(lab.client, namespace)).get('Secret/chat-admin-link') as
    | (UnknownObject & { data?: object })
    | undefined;
  return (
    found && Object.fromEntries(Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
  );
}

describe('the link that makes the first administrator', () => {
  it('is made once where nobody is named, follows the address, and comes again when it is removed', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, smallest);
    await bringUp(lab.client, namespace);
    const first = await readLink(namespace);
    assert.match(first?.token ?? '', /^[0-9a-f]{48}$/);
    assert.equal(first?.url, `http://localhost:8080/#/admin-link?token=${first?.token}`);
    const pod = JSON.stringify((await listChildren(lab.client, namespace)).get('Deployment/chat-api'));
    assert.match(pod, /"secretName":"chat-admin-link"/);
    assert.ok(!pod.includes(first!.token!));

    await patchSpec(lab.client, namespace, { roles: { api: { replicas: 3 } } });
    await settle(lab.client, namespace);
    assert.deepEqual(await readLink(namespace), first, 'another change leaves it alone');

    await patchSpec(lab.client, namespace, { access: { host: 'chat.example.com' } });
    await eventually(async () => (await readLink(namespace))?.url?.startsWith('http://chat.example.com/#/admin-link?token='));
    const second = await readLink(namespace);
    await lab.client.delete(secrets, { namespace, name: 'chat-admin-link' });
    await eventually(async () => ![undefined, second?.token].includes((await readLink(namespace))?.token));
  });

  it('follows an address that changed while no operator ran, and else stays as it was', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, smallest);
    await bringUp(lab.client, namespace);
    await settle(lab.client, namespace);
    const first = await readLink(namespace);
    await operator.stop();
    operator = lab.startOperator();
    await patchSpec(lab.client, namespace, { roles: { api: { replicas: 3 } } });
    await settle(lab.client, namespace);
    assert.deepEqual(await readLink(namespace), first);

    await operator.stop();
    await patchSpec(lab.client, namespace, { access: { host: 'chat.example.com' } });
    operator = lab.startOperator();
    await eventually(async () => (await readLink(namespace))?.url?.startsWith('http://chat.example.com/#/admin-link?token='));
  });

  it('is not made where the spec names an administrator', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, { ...smallest, auth: { admins: ['ada@example.com'] } });
    await bringUp(lab.client, namespace);
    await settle(lab.client, namespace);
    assert.equal(await readLink(namespace), undefined);
    const children = await listChildren(lab.client, namespace);
    assert.doesNotMatch(JSON.stringify(children.get('Deployment/chat-api')), /admin-link/);
  });
});

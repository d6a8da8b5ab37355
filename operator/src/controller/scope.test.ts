import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { deployments, jobs, pods, secrets } from './kinds.ts';
import { bringUp, createCluster, eventually, type Lab, namespaces, patchSpec, readCluster, settle, startLab } from './testing.ts';
import { installAccess, readAudit, system } from './testing-access.ts';

const red = 'team-red';
const blue = 'team-blue';
const other = 'team-other';
let lab: Lab;
before(async () => {
  lab = await startLab();
  for (const name of [system, red, blue, other]) await lab.client.create(namespaces, { metadata: { name } });
  const connection = await installAccess(lab, { namespace: system, version: '0.1.0', watchNamespaces: [red, blue] });
  lab.startOperator({
    source: { connection },
    readLoad: async () => ({ connections: 10, acceptPerSecond: 0, eventLoopUtilization: 0.1, heapUsedRatio: 0.1 }),
    env: { LEADER_ELECTION: 'on', POD_NAMESPACE: system, WATCH_NAMESPACES: `${red},${blue}` },
  });
});
after(() => lab[Symbol.asyncDispose]());

describe('in the scope "namespaces"', () => {
  it('works in each of them, under its own account, and is never refused', async () => {
    for (const namespace of [red, blue]) {
      await createCluster(lab.client, namespace);
      await bringUp(lab.client, namespace);
      await patchSpec(lab.client, namespace, { roles: { api: { replicas: 3 } } });
      await settle(lab.client, namespace);
    }
    const refused = readAudit(lab).filter(({ responseStatus }) => responseStatus?.code === 403 || responseStatus?.code === 401);
    assert.deepEqual(refused, []);
  });

  it('does nothing anywhere else, and asks for nothing there', async () => {
    await createCluster(lab.client, other);
    // As long as it takes to do as much where it works.
    await patchSpec(lab.client, red, { roles: { api: { replicas: 4 } } });
    await settle(lab.client, red);
    assert.equal((await readCluster(lab.client, other)).status, undefined);
    for (const resource of [jobs, deployments, secrets, pods]) {
      assert.deepEqual((await lab.client.list(resource, { namespace: other })).items, []);
    }
    const wide = readAudit(lab).filter(
      ({ objectRef }) => objectRef !== undefined && ![red, blue, system].includes(objectRef.namespace ?? ''),
    );
    assert.deepEqual(
      wide.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`).filter((what) => what !== 'create selfsubjectaccessreviews'),
      [],
    );
  });
});

describe('when one of its namespaces is gone', () => {
  it('a new operator goes on with the others', async () => {
    const own = await startLab();
    await using _own = own;
    for (const name of [system, red]) await own.client.create(namespaces, { metadata: { name } });
    const connection = await installAccess(own, { namespace: system, version: '0.1.0', watchNamespaces: [red] });
    own.startOperator({ source: { connection }, env: { WATCH_NAMESPACES: `${red},never-there` } });
    await createCluster(own.client, red);
    await eventually(async () => (await readCluster(own.client, red)).status !== undefined);
    await bringUp(own.client, red);
  });
});

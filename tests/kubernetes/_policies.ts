import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { applyObject, type Kubernetes } from './_kubernetes.ts';

/** Long enough for the packet to be sent a second time. */
const CONNECT_MS = 2_500;
const NODE = '/usr/local/bin/node';
const API_SERVER = 'kubernetes.default.svc:443';

/** Prints which of the addresses in its arguments take a connection. */
const tryAll = `const { connect } = require('net');
Promise.all(process.argv.slice(1).map((address) => new Promise((done) => {
  const [host, port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  const end = (opened) => { socket.destroy(); done(opened ? [address] : []); };
  setTimeout(end, ${CONNECT_MS}, false);
  socket.on('connect', () => end(true)).on('error', () => end(false));
}))).then((all) => console.log(JSON.stringify(all.flat())));`;

/** Those of the addresses that this pod can open a connection to. */
async function reachable({ kubectl }: Kubernetes, pod: string, addresses: string[]): Promise<string[]> {
  return JSON.parse(await kubectl('exec', pod, '--', NODE, '-e', tryAll, ...addresses)) as string[];
}

/** A pod that is none of ours, with a program to look around. */
async function startStranger(kubernetes: Kubernetes, name: string, labels: Record<string, string>): Promise<void> {
  const path = 'jsonpath={.spec.template.spec.containers[0].image}';
  const image = await kubernetes.kubectl('get', 'deployment', `${kubernetes.name}-realtime`, '-o', path);
  const program = { name: 'stranger', image, imagePullPolicy: 'IfNotPresent', command: [NODE, '-e', 'setInterval(() => undefined, 1000)'] };
  await applyObject(kubernetes, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels },
    spec: { automountServiceAccountToken: false, terminationGracePeriodSeconds: 0, containers: [program] },
  });
  await kubernetes.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=120s');
}

/** Whoever has no business there does not get through, and who has does: by connections, not by reading rules. */
export function policyTests(given: () => Kubernetes): void {
  test('lets into Postgres, Redis and the admin ports only those who have business there', async (context) => {
    const kubernetes = given();
    if (kubernetes.policies !== 'enforced') return context.skip(`NetworkPolicies are not enforced: ${kubernetes.policies ?? 'not known'}`);
    const { kubectl, name } = kubernetes;
    const podOf = async (component: string) => {
      const selector = `app.kubernetes.io/instance=${name},app.kubernetes.io/component=${component}`;
      return (await kubectl('get', 'pods', '-l', selector, '-o', 'jsonpath={.items[0].metadata.name} {.items[0].status.podIP}')).split(' ');
    };
    const [realtime = '', realtimeAddress] = await podOf('realtime');
    const [worker = ''] = await podOf('worker');
    const data = [`${name}-postgres:5432`, `${name}-redis-0:6379`];
    const admin = `${realtimeAddress}:9090`;
    const open = [`${name}:8080`, `${name}-realtime:8080`];
    const all = [...data, admin, ...open, API_SERVER];
    const expect = (pod: string, addresses: string[], wanted: string[]) =>
      eventually(
        async () => {
          assert.deepEqual((await reachable(kubernetes, pod, addresses)).sort(), [...wanted].sort());
          return true;
        },
        { deadlineMs: 90_000, message: `${pod} does not reach just ${wanted.join(', ')}` },
      );
    await startStranger(kubernetes, 'stranger', {});
    await startStranger(kubernetes, 'prometheus', { 'app.kubernetes.io/name': 'prometheus' });
    try {
      await expect('stranger', all, [...open, API_SERVER]);
      await expect('prometheus', all, [admin, ...open, API_SERVER]);
      // Its own ports are within its own reach, so others are tried.
      await expect(realtime, [...data, `${name}-worker:9090`, API_SERVER], data);
      await expect(worker, all, data);
      // It is the policies that stop the stranger: without them it comes in.
      await kubernetes.edit({ networkPolicy: { enabled: false } });
      await kubernetes.untilReady();
      await expect('stranger', all, all);
      await kubernetes.edit({ networkPolicy: { enabled: true } });
      await kubernetes.untilReady();
      await expect('stranger', all, [...open, API_SERVER]);
    } finally {
      await kubectl('delete', 'pod', 'stranger', 'prometheus', '--ignore-not-found', '--wait=false');
    }
  });
}

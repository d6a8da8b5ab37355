import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { applyObject, type Kubernetes } from './_kubernetes.ts';

const NODE = '/usr/local/bin/node';
const API = 'chatcluster.dev/v1beta1';
const COPY = 'copy';
/** As many as are asked for, so that none is behind a page. */
const WORDS = ['one', 'two', 'three'];

interface Said {
  token: string;
  path: string;
}

async function call<T>(url: string, { token, body }: { token?: string; body: object }): Promise<T> {
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, `${url}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}

/** Somebody says something in a group of their own. */
async function talk(url: string): Promise<Said> {
  const guest = await call<{ accessToken: string }>(`${url}/v1/auth/guest`, { body: { tokens: 'body', displayName: 'Ada' } });
  const token = guest.accessToken;
  const group = await call<{ id: string }>(`${url}/v1/conversations`, { token, body: { kind: 'group', title: 'Kept', memberIds: [] } });
  const path = `/v1/conversations/${group.id}/messages`;
  for (const body of WORDS) await call(`${url}${path}`, { token, body: { clientMsgId: randomUUID(), body } });
  return { token, path };
}

const read = `fetch('http://127.0.0.1:8080' + process.argv[1], { headers: { Authorization: 'Bearer ' + process.argv[2] } })
  .then(async (response) => console.log(response.status, await response.text()));`;

/** What the restored chat knows of it, asked from inside of a pod: nothing leads in from outside. The token is from before the backup. */
async function readCopy({ kubectl }: Kubernetes, { path, token }: Said): Promise<string[]> {
  const answer = await kubectl('exec', `deployment/${COPY}-api`, '--', NODE, '-e', read, path, token);
  assert.match(answer, /^200 /);
  const { items } = JSON.parse(answer.slice(4)) as { items: { body: string }[] };
  return items.map(({ body }) => body);
}

interface Status {
  phase?: string;
  rows: number;
  conversations: number;
  message: string;
}

/** Complete, or failed with what it says. */
async function untilComplete({ kubectl }: Kubernetes, resource: string): Promise<Status> {
  let last: Partial<Status> | undefined;
  await eventually(
    async () => {
      last = (JSON.parse(await kubectl('get', resource, '-o', 'json')) as { status?: Status }).status;
      return last?.phase === 'Succeeded' || last?.phase === 'Failed';
    },
    { deadlineMs: 300_000, intervalMs: 500, message: `${resource} was never complete` },
  );
  assert.equal(last?.phase, 'Succeeded', last?.message);
  return last as Status;
}

/** A copy that needs little room, with the guests whose sessions it restores. */
const copySpec = {
  replicas: 1,
  roles: { api: { replicas: 1 }, worker: { replicas: 1 } },
  autoscaling: { engine: 'Disabled' },
  auth: { guests: { enabled: true } },
  shutdown: { preStopSeconds: 1, drainSeconds: 1, terminationGracePeriodSeconds: 5 },
  database: { evaluation: {}, deletionPolicy: 'Delete' },
  redis: { managed: {} },
};

/** The running chat into a bucket of its own, and from there into a new ChatCluster beside it. */
export function backupTests(given: () => Kubernetes): void {
  test('is backed up on demand while it runs, and restored into a new ChatCluster, messages and sessions included', async () => {
    const kubernetes = given();
    const { kubectl, name, frontUrl } = kubernetes;
    await kubernetes.edit({ backup: { target: { volume: { size: '1Gi' } } } });
    const said = await talk(frontUrl);
    const clusterRef = { name: COPY };
    try {
      // Everything at once, the last thing first: each waits for what it needs.
      const source = { backupRef: { name: 'now' } };
      await applyObject(kubernetes, {
        apiVersion: API,
        kind: 'ChatClusterRestore',
        metadata: { name: 'back' },
        spec: { clusterRef, source },
      });
      await applyObject(kubernetes, { apiVersion: API, kind: 'ChatCluster', metadata: clusterRef, spec: copySpec });
      await applyObject(kubernetes, {
        apiVersion: API,
        kind: 'ChatClusterBackup',
        metadata: { name: 'now' },
        spec: { clusterRef: { name } },
      });
      const made = await untilComplete(kubernetes, 'ccb/now');
      const restored = await untilComplete(kubernetes, 'ccr/back');
      assert.ok(made.rows > 0, made.message);
      assert.deepEqual([restored.rows, restored.conversations], [made.rows, made.conversations]);
      await kubectl('wait', '--for=condition=Ready', `chatcluster/${COPY}`, '--timeout=300s');
      assert.deepEqual((await readCopy(kubernetes, said)).sort(), [...WORDS].sort());
    } finally {
      await kubectl('delete', 'ccr/back', 'ccb/now', `chatcluster/${COPY}`, '--ignore-not-found', '--timeout=300s');
      await kubernetes.edit({ backup: null });
      await kubectl('delete', 'pvc', `${name}-backups`, '--ignore-not-found', '--wait=false');
    }
  });
}

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OperatorOptions, renderOperator } from '@chatcluster/cdk8s';
import type { Connection } from '../runtime/connection.ts';
import { openConnection } from '../runtime/kube-config.ts';
import { collectionPath, defineResource, type UnknownObject } from '../runtime/object.ts';
import type { Lab } from './testing.ts';

export const system = 'chatcluster-system';
const user = `system:serviceaccount:${system}:chatcluster-operator`;

interface AuditLine {
  stage: string;
  verb: string;
  user: { username: string };
  objectRef?: { apiGroup?: string; resource?: string; subresource?: string; namespace?: string; name?: string };
  responseStatus?: { code?: number; message?: string };
}

const accessKinds: Record<string, string> = {
  ServiceAccount: 'serviceaccounts',
  ClusterRole: 'clusterroles',
  ClusterRoleBinding: 'clusterrolebindings',
  Role: 'roles',
  RoleBinding: 'rolebindings',
};

/** What the chart gives it, and nothing more; gives a connection as that account. The namespaces must be there. */
export async function installAccess(lab: Lab, options: OperatorOptions): Promise<Connection> {
  for (const object of renderOperator(options)) {
    const plural = accessKinds[object.kind];
    if (plural === undefined) continue;
    const resource = defineResource({
      apiVersion: object.apiVersion,
      kind: object.kind,
      plural,
      namespaced: object.metadata.namespace !== undefined,
    });
    await lab.client.apply(resource, object, { fieldManager: 'test' });
  }
  const admin = await openConnection({ kubeconfig: lab.plane.kubeconfig });
  const { tls } = await admin.credentials();
  const accounts = defineResource({
    apiVersion: 'v1',
    kind: 'TokenRequest',
    plural: 'serviceaccounts/chatcluster-operator/token',
    namespaced: true,
  });
  assert.ok(collectionPath(accounts, system).endsWith('/token'));
  const request = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: '', namespace: system },
    spec: { expirationSeconds: 3_600 },
  };
  const { status } = (await lab.client.create(accounts, request)) as UnknownObject & { status: { token: string } };
  return {
    server: admin.server,
    credentials: async () => ({ headers: { authorization: `Bearer ${status.token}` }, tls: { ...(tls.ca && { ca: tls.ca }) } }),
    invalidate() {},
  };
}

/** Everything that the operator asked for, with what came of it. */
export function readAudit(lab: Lab): AuditLine[] {
  const lines = readFileSync(join(lab.plane.dir, 'audit.log'), 'utf8').split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line) as AuditLine)
    .filter((line) => line.user.username === user && line.stage !== 'RequestReceived');
}

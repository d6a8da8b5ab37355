import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { isAlive, poll, ServiceError, tail } from '../process.ts';
import {
  apiServerArgs,
  auditPolicy,
  type ControlPlaneSettings,
  controllerManagerArgs,
  etcdArgs,
  schedulerArgs,
} from './control-plane-args.ts';
import { pkiFile } from './pki.ts';
import { ensureTool } from './tools.ts';

const readyDeadlineMs = 120_000;
const answerDeadlineMs = 5_000;

/** Starts a program whose output goes to `logFile`, and gives its pid. */
export type Launch = (name: string, file: string, args: string[]) => { pid: number; logFile: string };

/** The body of a 200, else undefined: not there yet. */
function get(dir: string, url: string, { verify = true } = {}): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const read = (name: string) => readFileSync(pkiFile(dir, name));
  const tls = { ca: read('ca.crt'), cert: read('admin.crt'), key: read('admin.key'), rejectUnauthorized: verify };
  const sent = request(url, { ...tls, agent: false, timeout: answerDeadlineMs }, (answer) => {
    let body = '';
    answer.setEncoding('utf8').on('data', (part: string) => (body += part));
    answer.on('end', () => resolve(answer.statusCode === 200 ? body : undefined)).on('error', () => resolve(undefined));
  });
  sent.on('error', () => resolve(undefined)).on('timeout', () => sent.destroy());
  sent.end();
  return promise;
}

export async function untilReady(name: string, started: { pid: number; logFile: string }, isReady: () => Promise<boolean>): Promise<void> {
  const state = await poll(
    async () => (!isAlive(started.pid) ? 'dead' : (await isReady()) && 'ready'),
    readyDeadlineMs,
    () => `${name} did not become ready in ${readyDeadlineMs / 1_000} s:\n${tail(started.logFile)}`,
  );
  if (state === 'dead') throw new ServiceError(`${name} ended while starting:\n${tail(started.logFile)}`);
}

/** etcd and the API server; `/readyz` answers when this returns. */
export async function startApiServer(settings: ControlPlaneSettings, launch: Launch): Promise<void> {
  const { dir, address, ports } = settings;
  const [etcd, apiServer] = await Promise.all([ensureTool('etcd'), ensureTool('kube-apiserver')]);
  writeFileSync(join(dir, 'audit-policy.json'), auditPolicy);
  launch('etcd', etcd, etcdArgs(settings));
  const started = launch('kube-apiserver', apiServer, apiServerArgs(settings));
  await untilReady('kube-apiserver', started, async () => (await get(dir, `https://${address}:${ports.api}/readyz`)) === 'ok');
}

/** Only after `/readyz`: the controller-manager exits when the bootstrap roles are missing. */
export async function startControllers(settings: ControlPlaneSettings, launch: Launch): Promise<void> {
  const { dir, address, ports } = settings;
  const [managerFile, schedulerFile] = await Promise.all([ensureTool('kube-controller-manager'), ensureTool('kube-scheduler')]);
  const manager = launch('kube-controller-manager', managerFile, controllerManagerArgs(settings));
  const scheduler = launch('kube-scheduler', schedulerFile, schedulerArgs(settings));
  const isHealthy = (port: number) => async () => (await get(dir, `https://127.0.0.1:${port}/healthz`, { verify: false })) === 'ok';
  const account = `https://${address}:${ports.api}/api/v1/namespaces/default/serviceaccounts/default`;
  await Promise.all([
    untilReady('kube-controller-manager', manager, async () => (await get(dir, account)) !== undefined),
    untilReady('kube-scheduler', scheduler, isHealthy(ports.scheduler)),
  ]);
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Conversation } from '@chatcluster/protocol';
import { endedCodes, errorCatalogue } from '@chatcluster/protocol/errors';
import { eventSchemas } from '@chatcluster/protocol/socket-schemas';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { createPod, type Pod } from './_pod-process.ts';
import { type Person, TestSocket } from './_pods.ts';

interface Run extends AsyncDisposable {
  pod: Pod;
  log(): string;
}

/** One server process that logs everything it ever could. */
async function startTalkative(): Promise<Run> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const dir = mkdtempSync(join(tmpdir(), 'chat-logs-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const pod = await createPod('talkative', dir, { DATABASE_URL: database.url, LOG_LEVEL: 'trace', DRAIN_SECONDS: '1' });
  stack.defer(async () => {
    pod.signal('SIGKILL');
    await pod.ended();
  });
  await pod.start();
  const owned = stack.move();
  return { pod, log: () => readFileSync(join(dir, 'talkative.log'), 'utf8'), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function post<T>(pod: Pod, path: string, body: unknown, more: Record<string, string> = {}): Promise<{ status: number; body: T }> {
  const headers = { 'content-type': 'application/json', ...more };
  const response = await fetch(pod.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as T };
}

/** What people do, and what goes wrong; gives what nobody may ever find in a log. */
async function useEverything(pod: Pod): Promise<string[]> {
  const [password, wrong, body, restBody, typo] = Array.from({ length: 5 }, () => `secret-${randomUUID()}`);
  const email = `${randomUUID()}@example.org`;
  const account = { email, password, displayName: 'Ada', tokens: 'body' };
  const { body: ada } = await post<Person>(pod, '/v1/auth/register', account);
  await post(pod, '/v1/auth/login', { email, password: wrong, tokens: 'body' });
  const { body: renewed } = await post<Person>(pod, '/v1/auth/refresh', { refreshToken: ada.refreshToken });
  const bearer = { authorization: `Bearer ${ada.accessToken}`, 'x-request-id': 'request-of-the-test' };
  const { body: ticket } = await post<{ ticket: string }>(pod, '/v1/auth/tickets', {}, bearer);
  const { body: group } = await post<Conversation>(pod, '/v1/conversations', { kind: 'group', title: 'Group', memberIds: [] }, bearer);
  const path = `/v1/conversations/${group.id}/messages`;
  await post(pod, path, { clientMsgId: randomUUID(), body: restBody }, bearer);
  await post(pod, path, { clientMsgId: 'none', body: typo }, bearer);
  using socket = new TestSocket(pod.url, { auth: { token: ada.accessToken } });
  await socket.next('session:ready', undefined, 60_000);
  await socket.send(group.id, body!);
  await socket.refused('message:send', { conversationId: group.id, clientMsgId: 'none', body: typo });
  await socket.refused('no:such:event', { body: typo });
  using refused = new TestSocket(pod.url, { auth: { token: `${ada.accessToken}x` } });
  await eventually(() => !refused.socket.active || refused.socket.disconnected, { deadlineMs: 30_000 });
  return [password!, wrong!, body!, restBody!, typo!, ada.accessToken, ada.refreshToken, renewed.accessToken, ticket.ticket];
}

let run: Run;
let secrets: string[];

before(async () => {
  run = await startTalkative();
  secrets = await useEverything(run.pod);
});
after(() => run[Symbol.asyncDispose]());

test('a log of everything names requests, and holds no text, password or token', async () => {
  assert.equal(
    secrets.every((secret) => secret.length > 20),
    true,
  );
  const isAnswered = (line: string) => line.includes('request-of-the-test') && line.includes('/v1/conversations/:id/messages');
  await eventually(() => run.log().split('\n').some(isAnswered), { deadlineMs: 20_000 });
  const log = run.log();
  // The server goes on: the last line may have been written by half.
  const whole = log.slice(0, log.lastIndexOf('\n'));
  for (const line of whole.split('\n')) assert.doesNotThrow(() => JSON.parse(line) as unknown, line);
  for (const secret of secrets) assert.equal(log.includes(secret), false, `the log holds ${secret}`);
});

/** Every label with its values, as `name{label}`. */
function labelsOf(metrics: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [, name, labels] of metrics.matchAll(/^(chat_\w+?)(?:_bucket|_sum|_count)?\{(.*)\} /gm)) {
    for (const [, label, value] of (labels ?? '').matchAll(/(\w+)="([^"]*)"/g)) {
      const key = `${name}{${label}}`;
      found.set(key, (found.get(key) ?? new Set()).add(value!));
    }
  }
  return found;
}

/** Labels are few and fixed: whatever people send must not make a new one. */
const fixed: Record<string, (value: string) => boolean> = {
  event: (value) => Object.hasOwn(eventSchemas, value),
  outcome: (value) =>
    ['ok', 'done', 'failed', 'retried', 'dead', 'sent', 'gone', 'refused', 'repeated'].includes(value) ||
    Object.hasOwn(errorCatalogue, value),
  code: (value) => (endedCodes as readonly string[]).includes(value),
  reason: (value) => ['origin', 'overloaded'].includes(value),
  told: (value) => ['true', 'false'].includes(value),
  kind: (value) => /^[a-z]+([.:-][a-z]+)*$/.test(value),
  le: (value) => value === '+Inf' || Number.isFinite(Number(value)),
};

test('the labels of the metrics come from fixed sets, whatever people send', async () => {
  const metrics = await (await fetch(`${run.pod.adminUrl}/metrics`)).text();
  const labels = labelsOf(metrics);
  assert.ok(labels.get('chat_socket_calls_total{event}')?.has('message:send'));
  for (const [key, values] of labels) {
    const label = /\{(\w+)\}/.exec(key)?.[1] ?? '';
    for (const value of values) assert.ok(fixed[label]?.(value), `${key} has the value "${value}"`);
  }
});

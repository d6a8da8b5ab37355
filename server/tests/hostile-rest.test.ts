import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Conversation } from '@chatcluster/protocol';
import { errorCatalogue } from '@chatcluster/protocol/errors';
import { routes } from '@chatcluster/protocol/openapi';
import { testStores, type TestStore } from './_files.ts';
import { type Cluster, type Person, startPods, type TestSocket } from './_pods.ts';
import { recordRoutes } from './_route-table.ts';
import { junkFor, sampleOf, schemaOf } from './_samples.ts';

type Route = (typeof routes)[number];
type Body = string | Uint8Array<ArrayBuffer>;

/** They would take the caller's own session or account away. */
const fatal = new Set(['post /v1/auth/logout', 'delete /v1/users/me', 'delete /v1/users/me/blocks/{id}']);
const ids = [
  'x',
  '0',
  '-1',
  '%00',
  'a%00b',
  '%F0%9F%98%80',
  '..%2F..%2Fetc',
  '__proto__',
  'constructor',
  'toString',
  "'%20or%201=1--",
  '%7B%7D',
  '[]',
  'x'.repeat(4_000),
];
const brokenPaths = ['%', '%ff', '%c3%28', '%zz'];
const queries = ['', 'x', '-1', '1e400', 'NaN', '%00', '%ED%A0%80', '[]', '{}', '9'.repeat(400), 'x'.repeat(6_000)];
const deep = (n: number) => '['.repeat(n) + ']'.repeat(n);
const bodies: [string, Body][] = [
  ['an array', '[]'],
  ['a number', '1'],
  ['null', 'null'],
  ['a text', '"x"'],
  ['no JSON', '{"a":'],
  ['deep nesting', `{"a":${deep(20_000)}}`],
  ['deep nesting of objects', '{"a":'.repeat(8_000) + '1' + '}'.repeat(8_000)],
  ['oversize', JSON.stringify({ a: 'x'.repeat(70_000) })],
  ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0xc3, 0x22, 0x3a, 0x31, 0x7d])],
  ['keys of the prototype', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'],
];

describe('malformed requests', () => {
  let cluster: Cluster;
  let store: TestStore;
  let admin: Person;
  /** For every route a fresh one: some delete or leave it. */
  let group: Conversation;
  let own: Conversation;
  let socket: TestSocket;
  const recording = recordRoutes();

  before(async () => {
    store = await testStores.volume();
    cluster = await startPods(1, { ...store.env, PUBLIC_URL: 'http://chat.example.org' });
    admin = await cluster.register('Admin');
    await cluster.sql('update users set admin = true where id = $1', [admin.id]);
    own = await cluster.group([admin]);
    socket = await cluster.connect(admin);
  });
  after(async () => {
    recording[Symbol.dispose]();
    await cluster?.[Symbol.asyncDispose]();
    await store?.[Symbol.asyncDispose]();
  });

  async function call(route: Route, path: string, body?: Body) {
    const isFatal = fatal.has(`${route.method} ${route.path}`);
    const { accessToken } = isFatal ? await cluster.guest() : admin;
    const response = await fetch(cluster.pod(0).url + path, {
      method: route.method.toUpperCase(),
      redirect: 'manual',
      headers: { authorization: `Bearer ${accessToken}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      body,
    });
    return { status: response.status, type: response.headers.get('content-type') ?? '', text: await response.text() };
  }

  function check(label: string, { status, type, text }: Awaited<ReturnType<typeof call>>, isRefused = false): void {
    const told = `${label}: ${status} ${text.slice(0, 300)}`;
    if (status < 400) return assert.ok(!isRefused, told);
    // A page for people, or a way back to the app.
    if (type.startsWith('text/html')) return assert.ok(status < 500, told);
    assert.match(type, /^application\/problem\+json/, told);
    const { code } = JSON.parse(text) as { code: string };
    assert.ok(Object.hasOwn(errorCatalogue, code) && code !== 'internal' && status < 500, told);
  }

  /** With real ids where the route has a conversation, so that the junk gets further than to "no such conversation". */
  const fill = (path: string, id = group.id) => path.replace(/\{(\w+)\}/g, (_all, name: string) => (name === 'id' ? id : randomUUID()));
  const isUntouched = async () => {
    await socket.send(own.id, 'still here');
    assert.equal(socket.closeReason, undefined);
    assert.equal((await cluster.rest(admin, 'GET', '/v1/users/me')).status, 200);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  };

  it('are tried on every route that there is', () => {
    const documented = new Set(routes.map(({ method, path }) => `${method} ${path}`));
    const served = [...recording.registered].filter((route) => / \/(v1|\.well-known)\//.test(route));
    // Names of parameters may differ.
    const plain = (route: string) => route.replaceAll(/\{\w+\}/g, '{}');
    assert.deepEqual(served.map(plain).toSorted(), [...documented].map(plain).toSorted(), 'the document has what is served');
  });

  for (const route of routes) {
    it(`to ${route.method.toUpperCase()} ${route.path} get an error of the catalogue`, async () => {
      const { path, input, method } = route;
      group = await cluster.group([admin]);
      if (path.includes('{')) {
        for (const id of ids) check(`the id ${id.slice(0, 20)}`, await call(route, path.replaceAll(/\{\w+\}/g, id)));
        for (const id of brokenPaths) check(`the path ${id}`, await call(route, path.replaceAll(/\{\w+\}/g, id)), true);
      }
      const schema = input ? schemaOf(input) : {};
      const fields = Object.entries(schema.properties ?? {});
      if (method === 'get') {
        for (const [name] of fields.length > 0 ? fields : [['cursor']]) {
          for (const value of queries) check(`?${name}=${value.slice(0, 20)}`, await call(route, `${fill(path)}?${name}=${value}`));
          for (const value of [`${name}=1&${name}=2`, `${name}[a]=1`, `${name}[__proto__]=1`, '__proto__[a]=1', '&&&==%', '?'.repeat(500)])
            check(`?${value.slice(0, 30)}`, await call(route, `${fill(path)}?${value}`));
        }
        return;
      }
      for (const [what, body] of bodies) {
        // Where no body is asked for, it is not looked at unless it cannot be read.
        const isRefused =
          ['no JSON', 'oversize', 'invalid UTF-8'].includes(what) || (input !== undefined && ['a number', 'a text'].includes(what));
        check(what, await call(route, fill(path), body), isRefused);
      }
      const sample = sampleOf(schema) as Record<string, unknown>;
      for (const [name, field] of fields) {
        for (const { what, value, isWrong } of junkFor(field)) {
          const body = JSON.stringify({ ...sample, [name]: value });
          check(`${name} as ${what}`, await call(route, fill(path), body), isWrong);
        }
      }
      await isUntouched();
    });
  }

  it('have hurt nobody', isUntouched);
});

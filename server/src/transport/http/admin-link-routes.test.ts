import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { createTestApp, registerUser } from './test-app.ts';

const TOKEN = 'a1'.repeat(24);

async function setUp(token: string | undefined = TOKEN) {
  const stack = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'chat-admin-'));
  stack.defer(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'token');
  if (token !== undefined) writeFileSync(file, token);
  const app = stack.use(await createTestApp({ env: { ADMIN_LINK_FILE: file } }));
  const use = (accessToken: string | undefined, given = TOKEN) =>
    app.call('POST', '/v1/auth/admin-link', { ...(accessToken && { token: accessToken }), body: { token: given } });
  return { app, file, use, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

it('makes the first administrator, once, and writes it down', async () => {
  await using t = await setUp(`${TOKEN}\n`);
  const [ada, bob] = [await registerUser(t.app.call), await registerUser(t.app.call)];
  const made = await t.use(ada.accessToken);
  assert.deepEqual([made.status, made.body.id, made.body.admin], [200, ada.userId, true]);
  const again = await t.use(ada.accessToken);
  assert.deepEqual([again.status, again.body.admin], [200, true], 'whoever lost the answer gets it again');
  assert.deepEqual([(await t.use(bob.accessToken)).status, (await t.use(bob.accessToken)).body.code], [409, 'conflict']);

  const { rows: lines } = await t.app.db.query('select actor_id, target_id, details, address from audit_log where action = $1', [
    'user.admin_granted',
  ]);
  assert.deepEqual(lines, [{ actor_id: ada.userId, target_id: ada.userId, details: { by: 'link' }, address: lines[0]?.address }]);
  assert.ok(lines[0]?.address);
  const { rows } = await t.app.db.query<{ row: string }>('select l::text as row from used_admin_links l');
  assert.ok(rows.length === 1 && !rows[0]!.row.includes(TOKEN));
  assert.ok(!t.app.lines.join('').includes(TOKEN), 'nothing of it is logged');

  // The one who used it is no administrator any more: the link stays used, another one works.
  await t.app.db.query('update users set admin = false');
  assert.equal((await t.use(bob.accessToken)).status, 409);
  writeFileSync(t.file, 'b2'.repeat(24));
  assert.equal((await t.use(bob.accessToken)).status, 404, 'the one of before is gone');
  assert.equal((await t.use(bob.accessToken, 'b2'.repeat(24))).status, 200, 'and the new one is read without a restart');
});

it('lets one of many through who use it at once', async () => {
  await using t = await setUp();
  const people = await Promise.all(Array.from({ length: 5 }, () => registerUser(t.app.call)));
  const statuses = await Promise.all(people.map(async ({ accessToken }) => (await t.use(accessToken)).status));
  assert.deepEqual(statuses.toSorted(), [200, 409, 409, 409, 409]);
  assert.equal((await t.app.db.query('select 1 from users where admin')).rows.length, 1);
});

it('grants nothing where there is an administrator already', async () => {
  await using t = await setUp();
  const [ada, eve] = [await registerUser(t.app.call), await registerUser(t.app.call)];
  await t.app.db.query('update users set admin = true where id = $1', [ada.userId]);
  assert.equal((await t.use(eve.accessToken)).status, 409);
  assert.equal((await t.app.db.query('select 1 from users where admin')).rows.length, 1);
});

it('refuses strangers, guests, wrong tokens, and a token too short to be one', async () => {
  await using t = await setUp();
  const ada = await registerUser(t.app.call);
  const guest = await t.app.call('POST', '/v1/auth/guest', { body: {} });
  assert.equal((await t.use(undefined)).status, 401);
  assert.deepEqual([(await t.use(String(guest.body.accessToken))).body.code], ['forbidden']);
  for (const wrong of ['x', TOKEN.slice(1), `${TOKEN}a`, TOKEN.toUpperCase()]) {
    assert.equal((await t.use(ada.accessToken, wrong)).body.code, 'not_found', wrong);
  }
  assert.equal((await t.use(ada.accessToken, '')).status, 422);
  for (const short of ['', 'short']) {
    writeFileSync(t.file, short);
    assert.equal((await t.use(ada.accessToken, short || 'x')).status, 404);
  }
  rmSync(t.file);
  assert.equal((await t.use(ada.accessToken)).status, 404, 'a link that was taken back');
  assert.equal((await t.app.db.query('select 1 from users where admin')).rows.length, 0);
});

it('does not exist where nobody gave a token, and lets nobody try for long', async () => {
  await using app = await createTestApp();
  const ada = await registerUser(app.call);
  const use = () => app.call('POST', '/v1/auth/admin-link', { token: ada.accessToken, body: { token: TOKEN } });
  assert.equal((await use()).status, 404);
  const statuses = new Set<number>();
  for (let n = 0; n < 80 && !statuses.has(429); n += 1) statuses.add((await use()).status);
  assert.deepEqual([...statuses], [404, 429]);
});

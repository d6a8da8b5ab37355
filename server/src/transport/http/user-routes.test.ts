import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTestApp, registerUser } from './test-app.ts';

it('shows and changes the own profile and tells the others', async () => {
  await using app = await createTestApp();
  const ada = await registerUser(app.call);
  const patched = await app.call('PATCH', '/v1/users/me', {
    token: ada.accessToken,
    body: { displayName: 'Countess', statusText: 'busy', admin: true, unknown: 1 },
  });
  assert.equal(patched.status, 200);
  assert.deepEqual(patched.body, {
    id: ada.userId,
    displayName: 'Countess',
    statusText: 'busy',
    guest: false,
    email: ada.email,
    emailVerified: false,
    admin: false,
  });
  assert.deepEqual(
    app.profiles.map((p) => ({ ...p })),
    [{ id: ada.userId, displayName: 'Countess', avatarUrl: undefined, statusText: 'busy', guest: false }],
  );
  const cleared = await app.call('PATCH', '/v1/users/me', { token: ada.accessToken, body: { statusText: '' } });
  assert.equal(cleared.body.statusText, undefined);
  assert.deepEqual((await app.call('GET', '/v1/users/me', { token: ada.accessToken })).body, cleared.body);
});

it('shows other people without their address', async () => {
  await using app = await createTestApp();
  const [ada, eve] = [await registerUser(app.call), await registerUser(app.call, 'Eve')];
  const shown = await app.call('GET', `/v1/users/${eve.userId.toUpperCase()}`, { token: ada.accessToken });
  assert.deepEqual(shown.body, { id: eve.userId, displayName: 'Eve', guest: false });
  assert.equal((await app.call('GET', '/v1/users/01900000-0000-7000-8000-00000000dead', { token: ada.accessToken })).status, 404);
  assert.equal((await app.call('GET', '/v1/users/eve', { token: ada.accessToken })).status, 422);
  assert.equal((await app.call('GET', `/v1/users/${eve.userId}`)).status, 401);
  await app.db.query("update users set deleted_at = now(), display_name = '' where id = $1", [eve.userId]);
  // What she wrote has an author still, without a name.
  const gone = await app.call('GET', `/v1/users/${eve.userId}`, { token: ada.accessToken });
  assert.deepEqual(gone.body, { id: eve.userId, displayName: '', guest: false });
});

it('finds people by the beginning of a name or of a word in it, page by page', async () => {
  await using app = await createTestApp();
  const { accessToken: token } = await registerUser(app.call, 'Ada Lovelace');
  for (const name of ['Bob Love', 'LOVELY 100%', 'Glove', 'Straße', '李四']) await registerUser(app.call, name);
  await app.call('POST', '/v1/auth/guest', { body: { displayName: 'Love Guest' } });
  const names = async (q: string) => {
    const found: string[] = [];
    let cursor = '';
    do {
      const page = await app.call('GET', `/v1/users?q=${encodeURIComponent(q)}&limit=2${cursor && `&cursor=${cursor}`}`, { token });
      assert.equal(page.status, 200);
      found.push(...(page.body.items as { displayName: string }[]).map((u) => u.displayName));
      cursor = String(page.body.nextCursor ?? '');
    } while (cursor !== '');
    return found;
  };
  assert.deepEqual(await names('love'), ['Ada Lovelace', 'Bob Love', 'Love Guest', 'LOVELY 100%']);
  assert.deepEqual(await names('ada lov'), ['Ada Lovelace']);
  assert.deepEqual(await names('%'), []);
  assert.deepEqual(await names('100%'), ['LOVELY 100%']);
  assert.deepEqual(await names('李'), ['李四']);
  assert.deepEqual(await names('\\'), []);
  assert.deepEqual(await names(''), ['Ada Lovelace', 'Bob Love', 'Glove', 'LOVELY 100%', 'Straße', '李四']);
  for (const bad of ['cursor=x', 'cursor=bnVsbA', 'limit=0', 'limit=x', 'q=a&q=b', 'q=%00', 'limit=101']) {
    assert.equal((await app.call('GET', `/v1/users?${bad}`, { token })).status, 422, bad);
  }
});

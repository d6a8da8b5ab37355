import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { createLog } from '../log.ts';
import { createTestApp, registerUser } from '../transport/http/test-app.ts';
import { openHousekeeping } from './open-housekeeping.ts';

it('removes what nobody can use any more, and nothing else', async () => {
  await using app = await createTestApp();
  const { sessionId, userId } = await registerUser(app.call);
  await app.db.query(`insert into sessions (id, user_id, expires_at) values (gen_random_uuid(), $1, now() - interval '3 days')`, [userId]);
  await app.db.query(
    `insert into mail_tokens (hash, purpose, user_id, data, expires_at)
     values ('\\x01', 'reset', $1, '{}', now() - interval '1 s'), ('\\x02', 'reset', $1, '{}', now() + interval '1 h')`,
    [userId],
  );
  await app.db.query(
    `insert into link_previews (url_hash, host, fetched_by, fetched_at, expires_at)
     values ('\\x01', 'a', $1, now() - interval '2 h', now() - interval '1 s'), ('\\x02', 'a', $1, now(), now() - interval '1 s'),
       ('\\x03', 'a', $1, now() - interval '2 h', now() + interval '1 h')`,
    [userId],
  );
  await using _housekeeping = openHousekeeping(app.config, { db: app.db, log: createLog('silent', 'test'), everyMs: 20 });
  const sessions = () => app.db.query<{ id: string }>('select id from sessions');
  const tokens = () => app.db.query<{ hash: Buffer }>('select hash from mail_tokens');
  const previews = () => app.db.query<{ hash: Buffer }>('select url_hash as hash from link_previews order by url_hash');
  await eventually(async () => (await previews()).rowCount === 2, { deadlineMs: 20_000 });
  // One that a limit still counts, and one that is still shown.
  assert.deepEqual(
    (await previews()).rows.map(({ hash }) => hash[0]),
    [2, 3],
  );
  await eventually(async () => (await sessions()).rowCount === 1 && (await tokens()).rowCount === 1, { deadlineMs: 20_000 });
  assert.equal((await sessions()).rows[0]?.id, sessionId);
  assert.deepEqual((await tokens()).rows[0]?.hash, Buffer.from([2]));
});

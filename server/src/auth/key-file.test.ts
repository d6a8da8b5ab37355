import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { pino } from 'pino';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { createAccessTokens } from './access-token.ts';
import { readKeyFile } from './key-file.ts';
import { createKeys, type KeyOptions } from './keys.ts';

const log = pino({ level: 'silent' });
const subject = { userId: '01900000-0000-7000-8000-000000000001', sessionId: '01900000-0000-7000-8000-000000000002', guest: false };

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'chat-keys-'));
});
after(() => rmSync(dir, { recursive: true }));

function write(name: string, content: string | object): string {
  const path = join(dir, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const newKey = () => generateKeyPairSync('ed25519').privateKey;
const jwkOf = (key: KeyObject, kid?: string) => ({ ...key.export({ format: 'jwk' }), ...(kid !== undefined && { kid }) });
const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;
const setOf = (...keys: object[]) => ({ keys });

describe('the file of signing keys', () => {
  it('is a key set, one key, or PEM blocks, and gives the same ids for the same keys', async () => {
    const [one, two] = [newKey(), newKey()];
    const files = [
      write('set', setOf(jwkOf(one), jwkOf(two))),
      write('pem', `a comment\n${pemOf(one)}\n${pemOf(two)}`),
      write('crlf', `${pemOf(one)}${pemOf(two)}`.replaceAll('\n', '\r\n')),
    ];
    const ids = await Promise.all(files.map(async (file) => (await readKeyFile(file)).map(({ kid }) => kid)));
    assert.deepEqual(ids, [ids[0], ids[0], ids[0]]);
    assert.equal((await readKeyFile(write('single', jwkOf(one)))).length, 1);
  });

  it('may hold public keys, behind the first', async () => {
    const [one, two] = [newKey(), newKey()];
    const { d: _secret, ...publicTwo } = jwkOf(two, 'two') as Record<string, unknown>;
    const keys = await readKeyFile(write('public', setOf(jwkOf(one, 'one'), publicTwo)));
    assert.deepEqual(
      keys.map(({ kid, privateKey }) => [kid, privateKey !== undefined]),
      [
        ['one', true],
        ['two', false],
      ],
    );
    await assert.rejects(readKeyFile(write('public-first', setOf(publicTwo))), /the first key signs, and has no private part/);
  });

  it('that is wrong says what is, and nothing of what it holds', async () => {
    const good = newKey();
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
    const mixed = { ...jwkOf(good), x: (jwkOf(newKey()) as { x: string }).x };
    const d = (jwkOf(good) as { d: string }).d;
    const cases: [string | object, RegExp][] = [
      ['', /must hold a JSON Web Key Set, or Ed25519 keys as PEM/],
      [`{"keys": [{"kty":"OKP","d":"${d}"`, /must hold a JSON Web Key Set/],
      [setOf(), /must hold a JSON Web Key Set/],
      [setOf(jwkOf(good), { kty: 'OKP', crv: 'Ed25519', d }), /key 2 is not an Ed25519 key/],
      [setOf(null as never), /key 1 is not an Ed25519 key/],
      [setOf(mixed), /key 1 is not an Ed25519 key/],
      [setOf({ ...jwkOf(good), kid: 7 }), /key 1 is not an Ed25519 key/],
      [pemOf(good) + pemOf(rsa), /key 2 is not an Ed25519 key/],
      [pemOf(good) + pemOf(good), /two keys have the same id/],
      [setOf(...Array.from({ length: 21 }, newKey).map((key) => jwkOf(key))), /more than 20 keys/],
      ['x'.repeat(70_000), /larger than/],
    ];
    for (const [content, message] of cases) {
      const error = await readKeyFile(write('bad', content)).then(
        () => assert.fail(`${String(message)} was not said`),
        (thrown: Error) => thrown,
      );
      assert.equal(error.name, 'ConfigError');
      assert.match(error.message, message);
      assert.match(error.message, /^SIGNING_KEYS_FILE="/);
      assert.ok(!error.message.includes(d) && error.cause === undefined, error.message);
    }
    await assert.rejects(readKeyFile(join(dir, 'nowhere')), /cannot be read \(ENOENT\)/);
  });
});

async function setUp() {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const db = stack.adopt(new pg.Pool({ connectionString: database.url, max: 4 }), (p) => p.end());
  const pod = async (options: Partial<KeyOptions>) => {
    const keys = stack.use(await createKeys({ db, log, accessTokenSeconds: 900, refreshMs: 3_600_000, ...options }));
    return { ...keys, ...createAccessTokens({ keys, accessTokenSeconds: 900 }) };
  };
  /** As if so much time had passed. */
  const age = (interval: string) =>
    db.query(`update published_keys set created_at = created_at - $1::interval, seen_at = seen_at - $1::interval`, [interval]);
  return { db, pod, age, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

describe('pods with keys from a file', () => {
  it('rotate without signing anybody out, also while some have the old set', async () => {
    await using t = await setUp();
    const [one, two] = [newKey(), newKey()];
    const [oldSet, newSet] = [write('old', setOf(jwkOf(one, 'one'))), write('new', setOf(jwkOf(two, 'two'), jwkOf(one, 'one')))];
    const before = await t.pod({ file: oldSet });
    const first = await before.sign(subject);
    await t.age('5 minutes');

    const after = await t.pod({ file: newSet });
    assert.equal(after.signingKey().kid, 'one', 'not every pod knows the new one yet');
    await before.reload();
    await t.age('2 minutes');
    await after.reload();
    assert.equal(after.signingKey().kid, 'two');
    const second = await after.sign(subject);
    for (const pod of [before, after]) {
      for (const token of [first, second]) assert.equal((await pod.verify(token)).userId, subject.userId);
    }
    assert.deepEqual(
      after
        .jwks()
        .keys.map(({ kid }) => kid)
        .sort(),
      ['one', 'two'],
    );
    assert.ok(after.jwks().keys.every((key) => !('d' in key)));
    const { rows } = await t.db.query<{ text: string }>(
      'select p::text as text from published_keys p union select s::text from signing_keys s',
    );
    const d = (jwkOf(two) as { d: string }).d;
    assert.ok(rows.length >= 3 && rows.every(({ text }) => !text.includes(d)), 'Postgres never sees a private part');
  });

  it('read a changed file without a restart, and keep what they know when it is bad', async () => {
    await using t = await setUp();
    const [one, two] = [newKey(), newKey()];
    const file = write('mounted', setOf(jwkOf(one, 'one')));
    const pod = await t.pod({ file, activateMs: 0 });
    const token = await pod.sign(subject);
    writeFileSync(file, 'half of a');
    await assert.rejects(pod.reload(), /must hold a JSON Web Key Set/);
    assert.equal(pod.signingKey().kid, 'one');
    await pod.verify(token);
    writeFileSync(file, JSON.stringify(setOf(jwkOf(two, 'two'), jwkOf(one, 'one'))));
    await pod.reload();
    assert.equal(pod.signingKey().kid, 'two');
    await pod.verify(token);
  });

  it('forget a key that was taken out, once no pod has it', async () => {
    await using t = await setUp();
    const [one, two] = [newKey(), newKey()];
    const file = write('leaked', setOf(jwkOf(one, 'one')));
    const [pod, other] = [await t.pod({ file, refreshMs: 600_000 }), await t.pod({ isIssuer: false })];
    const token = await pod.sign(subject);
    await other.reload();
    await other.verify(token);
    writeFileSync(file, JSON.stringify(setOf(jwkOf(two, 'two'))));
    await pod.reload();
    await pod.verify(token);
    await t.db.query("update published_keys set seen_at = now() - interval '41 minutes' where kid = 'one'");
    await pod.reload();
    await other.reload();
    for (const each of [pod, other]) await assert.rejects(each.verify(token), { code: 'token_expired' });
    await pod.verify(await pod.sign(subject));
  });

  it('take over from the keys of Postgres, and give them back, with every token good', async () => {
    await using t = await setUp();
    const made = await t.pod({ activateMs: 0 });
    const before = await made.sign(subject);
    const file = write('takes-over', setOf(jwkOf(newKey(), 'own')));
    const given = await t.pod({ file });
    assert.equal(given.signingKey().kid, 'ed25519-1', 'until the others know the one of the file');
    await t.age('2 minutes');
    await given.reload();
    await made.reload();
    assert.equal(given.signingKey().kid, 'own');
    const during = await given.sign(subject);
    for (const pod of [made, given]) for (const token of [before, during]) await pod.verify(token);

    await t.db.query("update published_keys set created_at = created_at - interval '1 day'");
    await given.reload();
    const { rows } = await t.db.query('select 1 from signing_keys where retired_at is null and kid like $1', ['ed25519-%']);
    assert.equal(rows.length, 0, 'those of Postgres are given up');
    const again = await t.pod({ activateMs: 0 });
    assert.equal(again.signingKey().kid, 'ed25519-2');
    await again.verify(during);
  });

  it('refuse to start with the id of another key', async () => {
    await using t = await setUp();
    await t.pod({});
    await assert.rejects(t.pod({ file: write('taken', setOf(jwkOf(newKey(), 'ed25519-1'))) }), /the id "ed25519-1" belongs to another key/);
    await t.pod({ file: write('mine', setOf(jwkOf(newKey(), 'mine'))) });
    await assert.rejects(t.pod({ file: write('also-mine', setOf(jwkOf(newKey(), 'mine'))) }), /the id "mine" belongs to another key/);
  });

  it('leave signing to others where nobody signs in', async () => {
    await using t = await setUp();
    const worker = await t.pod({ isIssuer: false, refreshMs: 20_000 });
    assert.throws(() => worker.signingKey(), /no key to sign with/);
    assert.equal((await t.db.query("select 1 from signing_keys where kid <> 'refresh'")).rows.length, 0);
    const issuer = await t.pod({ file: write('issuer', pemOf(newKey())) });
    assert.equal(issuer.mac('x').toString('hex'), worker.mac('x').toString('hex'));
    const token = await issuer.sign(subject);
    await eventually(() => worker.verify(token).then(Boolean, () => false), { deadlineMs: 15_000 });
  });
});

import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort, startPostgres, startRedis } from '@chatcluster/tools/services';
import { eventually, runSql } from '@chatcluster/tools/testing';
import { Redis } from 'ioredis';
import { type Certificates, makeCertificates } from './_certificates.ts';
import { Cluster } from './_pods.ts';

/** `url` with another host; the certificates are good for `localhost` and not for the address. */
function at(url: string, host: string, more: Record<string, string> = {}): string {
  const changed = new URL(url);
  changed.hostname = host;
  for (const [name, value] of Object.entries(more)) changed.searchParams.set(name, value);
  return changed.href;
}

async function startTlsPostgres(stack: AsyncDisposableStack, dir: string, { certFile, keyFile }: Certificates): Promise<string> {
  const dataDir = join(dir, 'postgres');
  const { url, stop } = await startPostgres({ dataDir });
  stack.defer(stop);
  const { uid, gid } = statSync(dataDir);
  chownSync(keyFile, uid, gid);
  chmodSync(keyFile, 0o600);
  for (const [name, value] of Object.entries({ ssl_cert_file: certFile, ssl_key_file: keyFile, ssl: 'on' }))
    await runSql(url, `alter system set ${name} = '${value}'`);
  await runSql(url, 'select pg_reload_conf()');
  await eventually(async () => (await runSql<{ ssl: string }>(url, 'show ssl'))[0]?.ssl === 'on');
  return url;
}

async function startTlsRedis(stack: AsyncDisposableStack, dir: string, { caFile, certFile, keyFile }: Certificates): Promise<number> {
  const { url, stop } = await startRedis({ dir: join(dir, 'redis') });
  stack.defer(stop);
  const port = await freePort();
  const redis = new Redis(url);
  try {
    const files = ['tls-cert-file', certFile, 'tls-key-file', keyFile, 'tls-ca-cert-file', caFile];
    await redis.call('CONFIG', 'SET', 'tls-auth-clients', 'no', ...files, 'tls-port', String(port));
  } finally {
    redis.disconnect();
  }
  return port;
}

describe('TLS with a CA of one’s own', () => {
  let stack: AsyncDisposableStack;
  let good: Certificates;
  let other: Certificates;
  let postgres: string;
  let redisPort: number;

  before(async () => {
    stack = new AsyncDisposableStack();
    const dir = mkdtempSync(join(tmpdir(), 'chat-tls-'));
    chmodSync(dir, 0o755);
    stack.defer(() => rmSync(dir, { recursive: true, force: true }));
    const [goodDir, redisDir, otherDir] = ['good', 'redis-files', 'other'].map((name) => join(dir, name)) as [string, string, string];
    for (const each of [goodDir, redisDir, otherDir]) mkdirSync(each);
    good = makeCertificates(goodDir, 'DNS:localhost');
    other = makeCertificates(otherDir, 'DNS:localhost');
    postgres = await startTlsPostgres(stack, dir, good);
    // Redis runs as somebody else than Postgres, whose key it may not read.
    const redisFiles = makeCertificates(redisDir, 'DNS:localhost');
    redisPort = await startTlsRedis(stack, dir, redisFiles);
    good = { ...good, ca: `${good.ca}${redisFiles.ca}` };
  });
  after(() => stack.disposeAsync());

  const cluster = (env: Record<string, string>) =>
    new Cluster(at(postgres, 'localhost'), new AsyncDisposableStack(), {
      REDIS_URLS: `rediss://localhost:${redisPort}`,
      DATABASE_CA: good.ca,
      REDIS_CA: good.ca,
      ...env,
    });
  const refuses = async (env: Record<string, string>, message: RegExp) => {
    await using pods = cluster(env);
    await assert.rejects(pods.addPod(), (error: Error) => error.name === 'ConfigError' && message.test(error.message));
  };

  for (const fanout of ['routed', 'streams-adapter']) {
    it(`carries a chat over two pods (FANOUT=${fanout})`, async () => {
      await using pods = cluster({ FANOUT: fanout, DATABASE_READ_URL: at(postgres, 'localhost') });
      await pods.addPod();
      await pods.addPod();
      const [ada, bob] = await pods.guests(2);
      const { id } = await pods.group([ada!, bob!]);
      const reader = await pods.connect(bob!, 1);
      const { seq } = await (await pods.connect(ada!, 0)).send(id, 'hello');
      await reader.reached(id, seq!);
      const [{ plain }] = (await runSql(
        postgres,
        `select count(*) filter (where not ssl)::int as plain from pg_stat_ssl join pg_stat_activity using (pid) where application_name like 'chatcluster%'`,
      )) as [{ plain: number }];
      assert.equal(plain, 0);
    });
  }

  it('takes the CA of Postgres from a file, also by the words of libpq', async () => {
    await using byFile = cluster({ DATABASE_CA: '', DATABASE_CA_FILE: good.caFile });
    await byFile.addPod();
    const url = at(postgres, 'localhost', { sslmode: 'verify-full', sslrootcert: good.caFile });
    await using byUrl = cluster({ DATABASE_CA: '', DATABASE_URL: url });
    await byUrl.addPod();
  });

  it('refuses to start with a Postgres that it cannot trust, and says why', async () => {
    await refuses({ DATABASE_CA: other.ca }, /^DATABASE_URL: Postgres at localhost:.* is not trusted: .*DATABASE_CA/);
    await refuses({ DATABASE_URL: postgres }, /^DATABASE_URL: Postgres at 127\.0\.0\.1:.* is not trusted: .*IP/);
    const publicOnly = { DATABASE_CA: '', DATABASE_URL: at(postgres, 'localhost', { sslmode: 'verify-full' }) };
    await refuses(publicOnly, /^DATABASE_URL: .* is not trusted/);
  });

  it('refuses to start with a Redis that it cannot trust, and says why', async () => {
    await refuses({ REDIS_CA: other.ca }, /^REDIS_URLS: Redis at localhost:\d+ is not trusted: .*REDIS_CA/);
    await refuses({ REDIS_URLS: `rediss://127.0.0.1:${redisPort}` }, /^REDIS_URLS: Redis at 127\.0\.0\.1:\d+ is not trusted: .*IP/);
    await refuses({ REDIS_CA: '' }, /^REDIS_URLS: .* is not trusted/);
  });
});

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { defaultLimits } from '@chatcluster/protocol/limits';
import { startPostgres, startRedis } from '@chatcluster/tools/services';
import { Redis } from 'ioredis';
import { createAdmission } from '../src/lifecycle/admission.ts';
import { Cluster, TestSocket } from './_pods.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((of) => of?.some(({ address }) => address === '::1'));
const six = (url: string) => url.replace('127.0.0.1', '[::1]');

describe('IPv6', { skip: !hasIPv6 && 'this machine has no ::1' }, () => {
  it('carries everything: Postgres, Redis, sockets and REST; clients count by their /64, behind trusted proxies too', async () => {
    await using stack = new AsyncDisposableStack();
    const dir = mkdtempSync(join(tmpdir(), 'chat-ipv6-'));
    chmodSync(dir, 0o755);
    stack.defer(() => rmSync(dir, { recursive: true, force: true }));
    const postgres = await startPostgres({ dataDir: join(dir, 'postgres'), settings: { listen_addresses: '127.0.0.1,::1' } });
    stack.defer(() => postgres.stop());
    const redis = await startRedis({ dir: join(dir, 'redis') });
    stack.defer(() => redis.stop());
    const client = new Redis(redis.url);
    await client.config('SET', 'bind', '127.0.0.1 ::1');
    client.disconnect();

    const cluster = stack.use(
      new Cluster(six(postgres.url), new AsyncDisposableStack(), {
        HOST: '::',
        REDIS_URLS: six(redis.url),
        TRUSTED_PROXIES: '::1, 2001:db8:ffff::/48',
        RATE_LIMITS: 'on',
      }),
    );
    await cluster.addPod();
    await cluster.addPod();
    for (const pod of cluster.pods) pod.url = `http://[::1]:${pod.app.port}`;
    const [ada, bob] = await cluster.guests(2);
    const { id } = await cluster.group([ada!, bob!]);
    const reader = await cluster.connect(bob!, 1);
    const { seq } = await (await cluster.connect(ada!, 0)).send(id, 'hello');
    await reader.reached(id, seq!);
    // The same port serves IPv4.
    using four = new TestSocket(`http://127.0.0.1:${cluster.pods[0]!.app.port}`, { auth: { token: ada!.accessToken } });
    await four.next('session:ready');

    const login = async (from: string) => {
      const { status } = await fetch(`${cluster.pod(0).url}/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': `${from}, 2001:db8:ffff::7` },
        body: JSON.stringify({ email: 'nobody@example.org', password: 'wrong horse', tokens: 'body' }),
      });
      return status;
    };
    for (let i = 1; i <= 10; i += 1) assert.equal(await login(`2001:db8:1:2::${i}`), 401);
    assert.equal(await login('2001:db8:1:2:ffff::1'), 429);
    assert.equal(await login('2001:db8:1:3::1'), 401);
  });
});

it('handshakes of one /64 share one allowance', () => {
  const limits = { ...defaultLimits, handshakesPerSecondPerAddress: 2 };
  const admit = createAdmission({ limits, enabled: true, connections: () => 0, isDraining: () => false, nowMs: () => 1_000 });
  assert.deepEqual([admit('2001:db8:1:2::1'), admit('2001:db8:1:2::2')], [0, 0]);
  assert.ok(admit('2001:db8:1:2::3') > 0);
  assert.equal(admit('2001:db8:1:3::1'), 0);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { haproxyConfig } from './haproxy.ts';
import { parseSettings } from './settings.ts';

describe('wrong variables end with one line that names them', () => {
  const cases: Record<string, { env: Record<string, string>; message: RegExp }> = {
    'a word for the number of pods': { env: { PODS: 'abc' }, message: /^PODS="abc" must be a whole number/ },
    'no pods at all': { env: { PODS: '0' }, message: /^PODS="0"/ },
    'a value that the server does not know': { env: { RATE_LIMITS: 'maybe' }, message: /^RATE_LIMITS="maybe" must be one of on, off/ },
    'a token life that is no number': { env: { ACCESS_TOKEN_SECONDS: 'soon' }, message: /^ACCESS_TOKEN_SECONDS="soon"/ },
    'a database of another kind': { env: { DATABASE_URL: 'mysql://127.0.0.1/x' }, message: /^DATABASE_URL must be a URL/ },
    'a port beyond the last one': { env: { PORT: '70000' }, message: /^PORT="70000"/ },
    'memory fan-out between several pods': { env: { PODS: '3', FANOUT: 'memory' }, message: /^FANOUT=memory works with one pod only/ },
  };
  for (const [name, { env, message }] of Object.entries(cases)) {
    test(name, () =>
      assert.throws(
        () => parseSettings(env),
        (error: Error) => error.name === 'ConfigError' && message.test(error.message),
      ),
    );
  }
});

test('one pod is its own front and needs no Redis', () => {
  const settings = parseSettings({});
  assert.deepEqual(settings.pods, [{ id: 'pod-0', port: 8080, adminPort: 9090 }]);
  assert.equal(settings.frontUrl, 'http://localhost:8080');
  assert.equal(settings.startRedis, false);
});

test('three pods get ports in a row, a Redis and a balancer that the pods trust', () => {
  const settings = parseSettings({ PODS: '3' });
  assert.deepEqual(
    settings.pods.map(({ port, adminPort }) => [port, adminPort]),
    [
      [8080, 9090],
      [8081, 9091],
      [8082, 9092],
    ],
  );
  assert.equal(settings.frontUrl, 'http://localhost:8000');
  assert.equal(settings.startRedis, true);
  assert.equal(settings.passThrough.TRUSTED_PROXIES, 'loopback');
  assert.match(haproxyConfig(settings), /server pod-2 127\.0\.0\.1:8082 check port 9092/);
});

test('given servers are used and none are started', () => {
  const settings = parseSettings({
    PODS: '2',
    DATABASE_URL: 'postgres://db.example/chat',
    REDIS_URLS: 'redis://a.example,redis://b.example',
  });
  assert.equal(settings.databaseUrl, 'postgres://db.example/chat');
  assert.equal(settings.redisUrls, 'redis://a.example,redis://b.example');
  assert.equal(settings.startRedis, false);
});

test('a routed fan-out on one pod gets a Redis too', () => {
  assert.equal(parseSettings({ FANOUT: 'routed' }).startRedis, true);
});

test('hands on what the server reads, and nothing else of the environment', () => {
  const { passThrough } = parseSettings({
    RATE_LIMITS: 'off',
    ACCESS_TOKEN_SECONDS: '90',
    MESSAGE_MAX_CHARS: '100',
    SECRET_OF_MINE: 'x',
    POD_ID: 'y',
  });
  assert.deepEqual(passThrough, { RATE_LIMITS: 'off', ACCESS_TOKEN_SECONDS: '90', MESSAGE_MAX_CHARS: '100' });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError, parseConfig } from '../src/config.ts';

const DATABASE_URL = 'postgres://u:p@localhost/db';
const wrong: Record<string, [Record<string, string>, RegExp]> = {
  'no database': [{ DATABASE_URL: '' }, /DATABASE_URL is not set/],
  'a database URL of another kind': [{ DATABASE_URL: 'mysql://x/y' }, /^DATABASE_URL must be/],
  'a Redis URL that is none': [{ REDIS_URLS: 'localhost:6379' }, /^REDIS_URLS must be/],
  'a fan-out over Redis without Redis': [{ FANOUT: 'routed' }, /^FANOUT=routed needs REDIS_URLS/],
  'a CA that is none': [{ DATABASE_CA: 'mine' }, /^DATABASE_CA holds no certificate/],
  'a CA twice': [{ REDIS_CA: 'a', REDIS_CA_FILE: 'b' }, /^REDIS_CA and REDIS_CA_FILE/],
  'a file of a CA that is not there': [{ REDIS_CA_FILE: '/none' }, /^REDIS_CA_FILE holds no certificate/],
  'a pooler without a way past it': [{ DATABASE_POOLER: 'transaction' }, /^DATABASE_POOLER=transaction needs DATABASE_DIRECT_URL/],
  'an unknown fan-out': [{ FANOUT: 'pigeons' }, /^FANOUT="pigeons" must be one of/],
  'an unknown role': [{ ROLE: 'boss' }, /^ROLE="boss" must be one of/],
  'a port that is no number': [{ PORT: 'http' }, /^PORT="http" must be a whole number/],
  'a port out of range': [{ ADMIN_PORT: '70000' }, /^ADMIN_PORT="70000"/],
  'a pool without connections': [{ DATABASE_POOL: '1' }, /^DATABASE_POOL="1"/],
  'a public URL that is none': [{ PUBLIC_URL: 'chat.example.org' }, /^PUBLIC_URL must be/],
  'a switch that is neither on nor off': [{ LONG_POLLING: 'true' }, /^LONG_POLLING="true" must be one of on, off/],
  'a limit of nothing': [{ MESSAGE_MAX_CHARS: '0' }, /^MESSAGE_MAX_CHARS="0"/],
  'a limit that is negative': [{ SOCKETS_PER_POD: '-1' }, /^SOCKETS_PER_POD="-1"/],
  'no rates in production': [{ RATE_LIMITS: 'off', NODE_ENV: 'production' }, /^RATE_LIMITS=off .*ALLOW_NO_RATE_LIMITS=yes/],
  'a tolerance of nothing': [{ REBALANCE_TOLERANCE_PERCENT: '0' }, /^REBALANCE_TOLERANCE_PERCENT="0"/],
  'a network that is none': [{ FETCH_ALLOWED_NETWORKS: '10.0.0.0/8, intranet' }, /^FETCH_ALLOWED_NETWORKS: "intranet"/],
  'two stores of files': [{ FILES_DIR: '/files', FILES_S3_BUCKET: 'chat' }, /^FILES_DIR and FILES_S3_BUCKET/],
  'an S3 store without a key': [{ FILES_S3_BUCKET: 'chat' }, /^FILES_S3_ACCESS_KEY_ID is not set/],
  'a key without an S3 store': [{ FILES_S3_ENDPOINT: 'https://s3.example' }, /^FILES_S3_ENDPOINT is set, but FILES_S3_BUCKET is not/],
  'an unknown policy for messages': [{ DELETED_USER_MESSAGES: 'burn' }, /^DELETED_USER_MESSAGES="burn"/],
  'an unknown log level': [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL="loud"/],
};

describe('settings', () => {
  for (const [what, [env, message]] of Object.entries(wrong)) {
    it(`name the variable of ${what}`, () => {
      assert.throws(
        () => parseConfig({ DATABASE_URL, ...env }),
        (error) => error instanceof ConfigError && message.test(error.message),
      );
    });
  }

  it('have a default for everything but the database', () => {
    const config = parseConfig({ DATABASE_URL });
    assert.equal(config.fanout, 'memory');
    assert.equal(config.rateLimits, true);
    assert.equal(config.limits.messageMaxChars, 8_000);
    assert.equal(parseConfig({ DATABASE_URL, REDIS_URLS: 'redis://a, redis://b' }).fanout, 'routed');
  });

  it('set every limit by its name in capitals', () => {
    assert.equal(parseConfig({ DATABASE_URL, ACCESS_TOKEN_SECONDS: '90', UNREAD_BYTES_PER_SOCKET: '5' }).limits.unreadBytesPerSocket, 5);
  });
});

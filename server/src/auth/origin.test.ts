import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createOriginCheck } from './origin.ts';
import { networkOf } from './login-limits.ts';

it('allows the page of the same host where nothing is configured', () => {
  const allowed = createOriginCheck({ allowedOrigins: [], publicUrl: undefined });
  assert.equal(allowed('http://localhost:8080', 'localhost:8080'), true);
  assert.equal(allowed('https://chat.example.org', 'chat.example.org:443'), true);
  for (const origin of [
    undefined,
    '',
    'null',
    'http://localhost',
    'http://localhost:8081',
    'https://localhost:8080.evil.example',
    'ftp://localhost:8080',
    'x',
  ]) {
    assert.equal(allowed(origin, 'localhost:8080'), false, origin);
  }
  assert.equal(allowed('http://localhost', undefined), false);
});

it('allows only the listed pages and the own one where they are configured', () => {
  const allowed = createOriginCheck({ allowedOrigins: ['https://app.example.org'], publicUrl: 'https://chat.example.org/' });
  assert.equal(allowed('https://app.example.org', 'x'), true);
  assert.equal(allowed('https://chat.example.org', 'x'), true);
  for (const origin of ['http://chat.example.org', 'https://chat.example.org.evil.example', 'https://evil.example', 'http://x']) {
    assert.equal(allowed(origin, 'x'), false, origin);
  }
});

it('counts one IPv6 network as one address', () => {
  assert.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:0db8:1:2::9'));
  assert.notEqual(networkOf('2001:db8:1:2::1'), networkOf('2001:db8:1:3::1'));
  assert.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('192.0.2.7'), '192.0.2.7');
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { createAuthority } from './certificate.ts';

test('a leaf is signed by its authority and carries its names', () => {
  const authority = createAuthority('test-ca');
  const leaf = new X509Certificate(
    authority.issue({
      commonName: 'admin',
      organization: 'system:masters',
      usage: 'client',
      dnsNames: ['localhost'],
      ipAddresses: ['127.0.0.1'],
    }).cert,
  );
  const ca = new X509Certificate(authority.cert);
  assert.equal(leaf.verify(ca.publicKey), true);
  assert.equal(leaf.checkIssued(ca), true);
  assert.equal(ca.ca, true);
  assert.equal(leaf.ca, false);
  assert.match(leaf.subject, /O=system:masters\nCN=admin/);
  assert.equal(leaf.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1');
});

test('a TLS handshake accepts both sides', async () => {
  const authority = createAuthority('test-ca');
  const server = authority.issue({ commonName: 'server', usage: 'server', ipAddresses: ['127.0.0.1'] });
  const client = authority.issue({ commonName: 'client', usage: 'client' });
  const listener = createServer({ ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: true }, (socket) =>
    socket.end('hello'),
  );
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const socket = connect({ ...client, ca: authority.cert, host: '127.0.0.1', port: (listener.address() as AddressInfo).port });
  const [data] = (await once(socket, 'data')) as [Buffer];
  assert.equal(data.toString(), 'hello');
  socket.destroy();
  listener.close();
});

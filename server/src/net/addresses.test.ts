import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIsAllowedAddress, parseNetworks } from './addresses.ts';

const isAllowed = createIsAllowedAddress([]);

test('public addresses are allowed', () => {
  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1']) {
    assert.equal(isAllowed(address), true, address);
  }
});

test('private, local, reserved and translated addresses are refused', () => {
  const refused = [
    ...['127.0.0.1', '127.255.0.9', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.0.1', '169.254.169.254'],
    ...['100.64.0.1', '198.18.0.1', '224.0.0.1', '255.255.255.255', '::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254'],
    ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::1', '2001::1', '2001:db8::1', 'ff02::1', '', 'localhost'],
  ];
  for (const address of refused) assert.equal(isAllowed(address), false, address);
});

test('an installation may allow networks of its own, and only those', () => {
  const own = createIsAllowedAddress(['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32']);
  for (const address of ['10.1.255.1', '127.0.0.1', '::ffff:127.0.0.1', 'fd00:1::5', '8.8.8.8']) assert.equal(own(address), true, address);
  for (const address of ['10.2.0.1', '127.0.0.2', 'fd00:2::5']) assert.equal(own(address), false, address);
});

test('what is no network is named', () => {
  for (const network of ['10.0.0.0/33', '10.0.0.0/', 'intranet', '10.0.0/8', '::1/129', '']) {
    assert.throws(() => parseNetworks([network]), RangeError, network);
  }
});

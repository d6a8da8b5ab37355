import { expect, test } from 'vitest';
import { formatAddress, messageLink, parseAddress, parseOwnLink } from './links.ts';

test('an address leads back to where it was made', () => {
  for (const address of [{ conversationId: 'a-1' }, { conversationId: 'a-1', seq: 12 }])
    expect(parseAddress(formatAddress(address))).toEqual(address);
});

test.each(['', '#/', '#/c/', '#/admin', '#/c/a/b', '#/c/a/-1', '#/c/a/1/2', '#/c/<script>'])('%j leads nowhere', (hash) => {
  expect(parseAddress(hash)).toBeUndefined();
});

test('links to messages of this installation are told from all others', () => {
  const here = 'https://chat.example.com';
  expect(parseOwnLink(messageLink(here, 'c', 7), here)).toEqual({ conversationId: 'c', seq: 7 });
  expect(parseOwnLink(messageLink('https://evil.example', 'c', 7), here)).toBeUndefined();
  expect(parseOwnLink(`${here}/v1/x#/c/c/7`, here)).toBeUndefined();
  expect(parseOwnLink('no link', here)).toBeUndefined();
});

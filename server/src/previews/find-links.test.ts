import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLinks } from './find-links.ts';

const links = (body: string) => findLinks(body, { limit: 3, ownOrigin: 'https://chat.example' });

const cases: Record<string, [string, string[]]> = {
  'no link': ['hello http:// world', []],
  'a link in a sentence': ['See https://example.org/a.', ['https://example.org/a']],
  'one in brackets and bold': ['(**https://example.org/a?b=c**)', ['https://example.org/a?b=c']],
  'upper case': ['HTTPS://EXAMPLE.org/A', ['HTTPS://EXAMPLE.org/A']],
  'the same twice': ['https://a.example https://a.example', ['https://a.example']],
  'more than the limit': [
    'http://a.example http://b.example http://c.example http://d.example',
    ['http://a.example', 'http://b.example', 'http://c.example'],
  ],
  code: ['`https://a.example` and ```\nhttps://b.example\n``` https://c.example', ['https://c.example']],
  'one that wants no preview': ['<https://a.example> https://b.example', ['https://b.example']],
  'the own installation': ['https://chat.example/#/c/1 https://chat.example.evil/', ['https://chat.example.evil/']],
  'other schemes': ['javascript:alert(1) ftp://a.example file:///etc/passwd data:text/html,x', []],
  'what is no URL': ['https://[::1 http://%zz/', []],
};

for (const [what, [body, expected]] of Object.entries(cases)) {
  test(`finds the links of ${what}`, () => assert.deepEqual(links(body), expected));
}

test('takes no time that grows faster than the body', () => {
  const startMs = performance.now();
  for (const part of ['http://', '`', '```', '<', 'https://a.b/)))', '.', 'http://a,']) links(part.repeat(65_536 / part.length));
  assert.ok(performance.now() - startMs < 5_000);
});

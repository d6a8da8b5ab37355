import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBody, plainLine, type Span } from './markup.ts';

const spansOf = (body: string, names: string[] = []) => {
  const [block] = parseBody(body, names);
  return block && 'spans' in block ? block.spans : [];
};

const cases: Record<string, [string, Span[]]> = {
  'bold and italic': [
    'a **b** *c*',
    [
      { kind: 'text', text: 'a ' },
      { kind: 'bold', spans: [{ kind: 'text', text: 'b' }] },
      { kind: 'text', text: ' ' },
      { kind: 'italic', spans: [{ kind: 'text', text: 'c' }] },
    ],
  ],
  'marks in code stay text': ['`**x**`', [{ kind: 'code', text: '**x**' }]],
  'a link without the full stop after it': [
    'see https://a.example/x.',
    [
      { kind: 'text', text: 'see ' },
      { kind: 'link', text: 'https://a.example/x', href: 'https://a.example/x' },
      { kind: 'text', text: '.' },
    ],
  ],
  'underscores inside words stay': ['snake_case_name', [{ kind: 'text', text: 'snake_case_name' }]],
  'other schemes are not links': ['javascript:alert(1)', [{ kind: 'text', text: 'javascript:alert(1)' }]],
};

test.each(Object.entries(cases))('reads %s', (_, [body, spans]) => expect(spansOf(body)).toEqual(spans));

test('mentions of members are marked, other at-signs are not', () => {
  expect(spansOf('hi @Ada Okafor and @nobody', ['Ada Okafor'])).toEqual([
    { kind: 'text', text: 'hi ' },
    { kind: 'mention', text: '@Ada Okafor' },
    { kind: 'text', text: ' and @nobody' },
  ]);
});

test('code blocks and quotes are blocks of their own', () => {
  expect(parseBody('a\n```ts\nx\n```\n> q').map(({ kind }) => kind)).toEqual(['text', 'code', 'quote']);
});

const textOf = (spans: Span[]): string => spans.map((span) => ('spans' in span ? textOf(span.spans) : span.text)).join('');

test('never throws and only links to http and https', () => {
  const piece = fc.oneof(fc.constantFrom('**', '*', '_', '~~', '`', '```', '\n', '> ', 'https://', 'a', ' ', '@A'), fc.string());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      for (const block of parseBody(pieces.join(''), ['A'])) {
        const spans = 'spans' in block ? block.spans : [];
        expect(typeof textOf(spans)).toBe('string');
        for (const span of spans) if (span.kind === 'link') expect(span.href).toMatch(/^https?:\/\//);
      }
    }),
  );
});

test('a preview is one line without marks', () => expect(plainLine('**a**\n`b`')).toBe('a b'));

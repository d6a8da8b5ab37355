import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { generateDocuments } from './generate.ts';

test('the committed documents are what the schemas give', async () => {
  const folder = new URL('../', import.meta.url);
  const { version } = JSON.parse(await readFile(new URL('package.json', folder), 'utf8')) as { version: string };
  for (const [name, content] of Object.entries(generateDocuments(version))) {
    assert.equal(await readFile(new URL(name, folder), 'utf8'), content, `${name} is out of date: run node protocol/src/generate.ts`);
  }
});

test('every reference inside a document leads somewhere and no operation id occurs twice', () => {
  for (const content of Object.values(generateDocuments('1.0.0'))) {
    const document = JSON.parse(content) as unknown;
    for (const [, pointer] of content.matchAll(/"\$ref": "#\/([^"]+)"/g)) {
      const target = pointer?.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      assert.notEqual(target, undefined, pointer);
    }
    const ids = [...content.matchAll(/"operationId": "([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length);
  }
});

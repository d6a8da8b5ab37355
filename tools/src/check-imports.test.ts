import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findCycles, findDecorators, findFaults, type Import, parseImports } from './check-imports.ts';

const runtime = (from: string, to: string): Import => ({ from, to, typeOnly: false });
const types = (from: string, to: string): Import => ({ from, to, typeOnly: true });

describe('imports in a source file', () => {
  const cases: Record<string, { text: string; expected: Import[] }> = {
    'resolves a relative path against the file': {
      text: `import { a } from '../domain/ids.ts';`,
      expected: [runtime('server/src/store/x.ts', 'server/src/domain/ids.ts')],
    },
    'resolves a package of ours to its source': {
      text: `import { a } from '@chatcluster/protocol/limits';\nimport { b } from '@chatcluster/client';`,
      expected: [runtime('server/src/store/x.ts', 'protocol/src/limits.ts'), runtime('server/src/store/x.ts', 'client/src/index.ts')],
    },
    'knows imports that are erased': {
      text: `import type { A } from './a.ts';\nimport { type B, type C } from './b.ts';\nimport { type D, e } from './d.ts';`,
      expected: [
        types('server/src/store/x.ts', 'server/src/store/a.ts'),
        types('server/src/store/x.ts', 'server/src/store/b.ts'),
        runtime('server/src/store/x.ts', 'server/src/store/d.ts'),
      ],
    },
    'reads imports over several lines, exports, side effects and dynamic imports': {
      text: `import {\n  a,\n  b,\n} from './a.ts';\nexport * from './b.ts';\nimport './c.ts';\nconst d = await import('./d.ts');`,
      expected: ['a', 'b', 'c', 'd'].map((name) => runtime('server/src/store/x.ts', `server/src/store/${name}.ts`)),
    },
    'ignores packages of others': { text: `import { Pool } from 'pg';\nimport { join } from 'node:path';`, expected: [] },
  };
  for (const [name, { text, expected }] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(parseImports({ path: 'server/src/store/x.ts', text }), expected));
  }
});

describe('import directions', () => {
  const refused: Record<string, Import> = {
    'refuses that protocol imports anything of ours': runtime('protocol/src/a.ts', 'server/src/log.ts'),
    'refuses that the client imports the server': types('client/src/a.ts', 'server/src/log.ts'),
    'refuses that the store imports transport, even types': types('server/src/store/a.ts', 'server/src/transport/b.ts'),
    'refuses that fan-out imports transport': runtime('server/src/fanout/a.ts', 'server/src/transport/b.ts'),
    'refuses that ingest imports transport': runtime('server/src/ingest/a.ts', 'server/src/transport/b.ts'),
    'refuses that the store runs domain code': runtime('server/src/store/a.ts', 'server/src/domain/b.ts'),
    'refuses that transport runs operations itself': runtime('server/src/transport/a.ts', 'server/src/operations/b.ts'),
    'refuses that transport decides by domain rules': runtime('server/src/transport/a.ts', 'server/src/domain/b.ts'),
    'refuses that domain reaches out': runtime('server/src/domain/a.ts', 'server/src/store/b.ts'),
    'refuses that anything but main imports app': runtime('server/src/auth/a.ts', 'server/src/app.ts'),
    'refuses that a view imports the SDK': types('web/src/views/app/App.tsx', 'client/src/index.ts'),
  };
  for (const [name, each] of Object.entries(refused)) test(name, () => assert.equal(findFaults([each]).length, 1));

  const allowed: Record<string, Import> = {
    'allows everyone to import protocol': runtime('web/src/views/a.tsx', 'protocol/src/index.ts'),
    'allows operations to use domain': runtime('server/src/operations/a.ts', 'server/src/domain/b.ts'),
    'allows the store to use types of domain': types('server/src/store/a.ts', 'server/src/domain/b.ts'),
    'allows domain to know the shapes of rows': types('server/src/domain/a.ts', 'server/src/store/types.ts'),
    'allows a test helper to import anything': runtime('server/src/store/_fixture.ts', 'tools/src/testing.ts'),
    'allows transport to use types of operations': types('server/src/transport/http/a.ts', 'server/src/operations/b.ts'),
    'allows main and tests to import app': runtime('server/src/main.ts', 'server/src/app.ts'),
    'allows a test to import anything': runtime('server/src/store/a.test.ts', 'server/src/app.ts'),
    'allows the state of the web app to import the SDK': runtime('web/src/state/a.ts', 'client/src/index.ts'),
  };
  for (const [name, each] of Object.entries(allowed)) test(name, () => assert.deepEqual(findFaults([each]), []));
});

describe('cycles', () => {
  test('names a cycle once, with its files in order', () => {
    assert.deepEqual(findCycles([runtime('a', 'b'), runtime('b', 'c'), runtime('c', 'a'), runtime('x', 'a')]), ['a → b → c → a']);
  });
  test('ignores a circle that is closed by types only', () => {
    assert.deepEqual(findCycles([runtime('a', 'b'), types('b', 'a')]), []);
  });
  test('does not mistake two ways to one file for a cycle', () => {
    assert.deepEqual(findCycles([runtime('a', 'b'), runtime('a', 'c'), runtime('b', 'd'), runtime('c', 'd')]), []);
  });
});

test('finds decorators and leaves JSDoc tags alone', () => {
  const sources = [
    { path: 'bad.ts', text: '@Entity()\nclass User {}' },
    { path: 'good.ts', text: '/**\n * @default 3\n */\nexport const a = 3;' },
  ];
  assert.equal(findDecorators(sources).length, 1);
});

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { conditionTypes } from '../api/index.ts';

const source = join(import.meta.dirname, '..');
const page = readFileSync(join(source, '../../docs/reference/conditions.md'), 'utf8');
const files = globSync('{status,decide,apply}/*.ts', { cwd: source }).filter((file) => !/\.test\.ts$|testing/.test(file));

/** As they are written in the code: findings, problems, words of the kubelet, and what holds the autoscaler back. */
const patterns = [
  /\b(?:yes|no|unknown)\(\s*'([A-Z]\w+)'/g,
  /\breason: '([A-Z]\w+)'/g,
  /\bcase '([A-Z]\w+(?:BackOff|Pull|Error|Name|schedulable))'/g,
  /^ {2}([A-Z]\w+): 'The |^ {2}([A-Z]\w+): '(?:A|Pods) /gm,
  /\? '([A-Z]\w+)' : '([A-Z]\w+)'/g,
  /\?\? '([A-Z]\w+)'/g,
];

function readReasons(): string[] {
  const found = files.flatMap((file) => {
    const text = readFileSync(join(source, file), 'utf8');
    return patterns.flatMap((pattern) =>
      [...text.matchAll(pattern)].flatMap(([, ...groups]) => groups.filter((group) => group !== undefined)),
    );
  });
  // Of the status and of pods, and no reasons.
  const others = ['Managed', 'External', 'Migrated', 'Evaluation', 'Unknown', 'CloudNativePG', 'Enabled', 'Disabled', 'Normal', 'Warning'];
  return [...new Set(found)].filter((reason) => !others.includes(reason)).toSorted();
}

describe('the page about conditions', () => {
  it('has every reason of the code, and every condition', () => {
    const reasons = readReasons();
    assert.ok(reasons.length > 50, `${reasons.length} reasons were found in the code`);
    for (const name of [...reasons, ...conditionTypes])
      assert.ok(page.includes(`\`${name}\``), `docs/reference/conditions.md does not tell of ${name}`);
  });

  it('tells of no reason that is not in the code', () => {
    const known = files.map((file) => readFileSync(join(source, file), 'utf8')).join('\n');
    const told = [...page.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, name = '']) => name);
    const inCode = (name: string) => known.includes(`'${name}'`) || known.includes(`${name}:`) || known.includes(`${name},`);
    assert.deepEqual(
      [...new Set(told)].filter((name) => !inCode(name)),
      [],
    );
  });
});

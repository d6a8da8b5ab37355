import assert from 'node:assert/strict';
import { it } from 'node:test';
import { toSvg } from './flame-svg.ts';
import { addProfile, byOwner, type CpuProfile, newFrame } from './flame-tree.ts';

const node = (id: number, functionName: string, url: string, children: number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 6 },
  children,
});

const profile: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 3, 6]),
    node(2, '(idle)', ''),
    node(3, 'deliver<T>', 'file:///anywhere/server/src/fanout/deliver.ts', [4]),
    node(4, 'send', 'file:///anywhere/node_modules/ws/lib/sender.js', []),
    node(6, 'import', 'node:internal/modules/esm/loader', [7]),
    node(7, 'main', 'file:///anywhere/server/src/main.ts'),
  ],
  samples: [2, 3, 4, 4, 7],
  timeDeltas: [9_000, 100, 200, 300, 9_000],
};

it('adds profiles up by who called whom, without sleep and the loading of modules', () => {
  const all = newFrame('all', '');
  for (const one of [profile, profile]) addProfile(all, one);
  assert.equal(all.total, 1_200);
  const [deliver] = all.children.values();
  assert.deepEqual([deliver?.name, deliver?.where, deliver?.total], ['deliver<T>', 'server/src/fanout/deliver.ts:7', 1_200]);
  const [send] = deliver!.children.values();
  assert.deepEqual([send?.where, send?.total], ['node_modules/ws/lib/sender.js:7', 1_000]);
});

it('draws each function as wide as its share, and names no folder of the machine', () => {
  const all = newFrame('all', '');
  addProfile(all, profile);
  const svg = toSvg(all, 'A & B');
  assert.match(svg, /A &amp; B/);
  assert.match(svg, /<title>deliver&lt;T&gt; server\/src\/fanout\/deliver\.ts:7, 100\.0 %<\/title><rect [^>]*width="1199\.5"/);
  assert.match(svg, /<title>send node_modules\/ws\/lib\/sender\.js:7, 83\.3 %<\/title><rect [^>]*width="999\.5"/);
  assert.doesNotMatch(svg, /anywhere/);
});

it('tells whose code took the time, and counts what Node does for its caller', () => {
  const all = newFrame('all', '');
  addProfile(all, {
    nodes: [
      node(1, '(root)', '', [2, 5, 6]),
      node(2, 'deliver', 'file:///anywhere/server/src/fanout/deliver.ts', [3]),
      node(3, 'send', 'file:///anywhere/node_modules/@scope/name/lib/sender.js', [4]),
      node(4, 'writev', 'node:net'),
      node(5, '(garbage collector)', ''),
      node(6, 'main', 'file:///anywhere/server/src/main.ts'),
    ],
    samples: [2, 3, 4, 5, 6],
    timeDeltas: [100, 200, 400, 50, 10],
  });
  assert.deepEqual(byOwner(all), [
    ['@scope/name', 600],
    ['server/src/fanout', 100],
    ['(garbage collector)', 50],
    ['server/src', 10],
  ]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from './object.ts';
import { createStore } from './store.ts';

interface Thing extends KubeObject {
  color?: string;
}

function thing(name: string, version: number, more: Partial<Thing> & { owner?: string; uid?: string } = {}): Thing {
  const { owner, uid = `${name}-uid`, ...rest } = more;
  const ownerReferences = owner ? [{ apiVersion: 'v1', kind: 'Owner', name: 'owner', uid: owner, controller: true }] : undefined;
  return { metadata: { name, namespace: 'default', uid, resourceVersion: `${version}`, ownerReferences }, ...rest };
}

test('objects are found by name, by owner and by the indexes that were asked for', () => {
  const store = createStore<Thing>({ color: ({ color }) => (color ? [color] : []) });
  store.upsert(thing('a', 1, { color: 'red', owner: 'o1' }));
  store.upsert(thing('b', 2, { color: 'red', owner: 'o2' }));
  const names = (things: Thing[]) => things.map(({ metadata }) => metadata.name);
  assert.equal(store.get({ namespace: 'default', name: 'a' })?.color, 'red');
  assert.deepEqual(names(store.byOwner('o2')), ['b']);
  assert.deepEqual(names(store.byIndex('color', 'red')), ['a', 'b']);
  assert.deepEqual(names(store.list('default')), ['a', 'b']);
  assert.deepEqual(names(store.list('other')), []);
  assert.throws(() => store.byIndex('size', 'big'), /no index size/);
});

test('an object that changes moves in its indexes and leaves them when it goes', () => {
  const store = createStore<Thing>({ color: ({ color }) => (color ? [color] : []) });
  store.upsert(thing('a', 1, { color: 'red', owner: 'o1' }));
  store.upsert(thing('a', 2, { color: 'blue', owner: 'o2' }));
  assert.equal(store.byIndex('color', 'red').length + store.byOwner('o1').length, 0);
  assert.equal(store.byIndex('color', 'blue').length + store.byOwner('o2').length, 2);
  store.remove(thing('a', 3));
  assert.equal(store.byIndex('color', 'blue').length + store.byOwner('o2').length + store.size, 0);
});

test('an event that comes twice or late changes nothing, not even after the object is gone', () => {
  const store = createStore<Thing>();
  assert.equal(store.upsert(thing('a', 5))?.type, 'added');
  assert.equal(store.upsert(thing('a', 5)), undefined);
  assert.equal(store.upsert(thing('a', 4)), undefined);
  assert.equal(store.remove(thing('a', 3)), undefined);
  assert.equal(store.remove(thing('a', 8))?.type, 'deleted');
  assert.equal(store.upsert(thing('a', 7)), undefined);
  assert.equal(store.upsert(thing('a', 9))?.type, 'added');
});

test('a list takes away what is missing from it, but not what is newer than it', () => {
  const store = createStore<Thing>();
  store.upsert(thing('old', 1));
  store.upsert(thing('new', 12));
  const changes = store.replace([thing('other', 3)], '10');
  assert.deepEqual(
    changes.map(({ type, object }) => `${type} ${object.metadata.name}`),
    ['added other', 'deleted old'],
  );
  assert.equal(store.size, 2);
});

test('an object that was deleted and made again unseen is an update from one uid to another', () => {
  const store = createStore<Thing>();
  store.upsert(thing('a', 1, { uid: 'first' }));
  const change = store.upsert(thing('a', 5, { uid: 'second' }));
  assert.deepEqual([change?.type, change?.previous?.metadata.uid, change?.object.metadata.uid], ['updated', 'first', 'second']);
});

type Entry = { name: string; isDelete: boolean };
const history = fc.array(fc.record<Entry>({ name: fc.constantFrom('a', 'b', 'c'), isDelete: fc.boolean() }), {
  minLength: 1,
  maxLength: 30,
});

test('events in any order, any number of times, lead to the state of the newest ones', () => {
  fc.assert(
    fc.property(
      history.chain((entries) =>
        fc.tuple(fc.constant(entries), fc.array(fc.nat(entries.length - 1), { maxLength: 90 }), fc.infiniteStream(fc.nat())),
      ),
      ([entries, repeats, ranks]) => {
        const all = entries.map((entry, index) => ({ ...entry, version: index + 1 }));
        const order = [...all, ...repeats.flatMap((index) => all[index] ?? [])]
          .map((entry) => ({ entry, rank: ranks.next().value as number }))
          .sort((a, b) => a.rank - b.rank);
        const store = createStore<Thing>();
        for (const { entry } of order) {
          if (entry.isDelete) store.remove(thing(entry.name, entry.version));
          else store.upsert(thing(entry.name, entry.version));
        }
        const expected = new Map<string, string>();
        for (const { name, isDelete, version } of all) {
          if (isDelete) expected.delete(name);
          else expected.set(name, `${version}`);
        }
        const actual = new Map(store.list().map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
        assert.deepEqual(new Map([...actual].sort()), new Map([...expected].sort()));
      },
    ),
  );
});

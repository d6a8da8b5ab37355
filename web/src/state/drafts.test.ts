import { expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import { createDrafts, parseDrafts } from './drafts.ts';
import type { ChatClient, ViewState } from './model.ts';

function world(stored: Record<string, string> = {}) {
  const kept = new Map(Object.entries(stored));
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const view = createStore(() => ({ phase: 'restoring', drafts: {} }) as ViewState);
  const drafts = createDrafts({ me: () => ({ id: 'ada' }) } as ChatClient, view, storage);
  return { kept, view, drafts };
}

test('drafts are kept for the person who wrote them and are there after the next sign-in', () => {
  const { kept, view, drafts } = world();
  view.setState({ phase: 'signed-in' });
  view.setState({ drafts: { c: 'half a', d: ' ' } });
  drafts.write();
  expect([...kept]).toEqual([['chat.drafts.ada', '{"c":"half a"}']]);
  const next = world(Object.fromEntries(kept));
  next.view.setState({ phase: 'signed-in' });
  expect(next.view.getState().drafts).toEqual({ c: 'half a' });
});

test('signing out by oneself forgets them', () => {
  const { kept, view, drafts } = world({ 'chat.drafts.ada': '{"c":"half a"}' });
  view.setState({ phase: 'signed-in' });
  drafts.forget();
  view.setState({ phase: 'signed-out', drafts: {} });
  expect(kept.size).toBe(0);
});

test('those of another tab are taken over, unless one is writing here', () => {
  const { view, drafts } = world();
  view.setState({ phase: 'signed-in' });
  drafts.adopt('chat.drafts.ada', '{"c":"there"}');
  expect(view.getState().drafts).toEqual({ c: 'there' });
  drafts.write();
  view.setState({ drafts: { c: 'here' } });
  drafts.adopt('chat.drafts.ada', '{"c":"there again"}');
  expect(view.getState().drafts).toEqual({ c: 'here' });
  drafts.write();
});

test.each([null, '', '{', 'null', '[1]', '{"c":1}'])('%j is no drafts', (stored) => {
  expect(parseDrafts(stored)).toEqual({});
});

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBeat } from './beat.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function createSource() {
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  return { subscribe, listeners, change: () => listeners.forEach((listener) => listener()) };
}

function createHeard() {
  const source = createSource();
  const beat = createBeat(source.subscribe, { burst: 3, everyMs: 100 });
  const heard = vi.fn();
  return { source, beat, heard, stop: beat.subscribe(heard) };
}

test('tells single changes at once', () => {
  const { source, heard } = createHeard();
  for (let told = 1; told <= 20; told += 1) {
    source.change();
    expect(heard).toHaveBeenCalledTimes(told);
    vi.advanceTimersByTime(150);
  }
});

test('tells many changes together, and the last one always', () => {
  const { source, heard } = createHeard();
  for (let i = 0; i < 50; i += 1) {
    source.change();
    vi.advanceTimersByTime(20);
  }
  const during = heard.mock.calls.length;
  expect(during).toBeGreaterThanOrEqual(10);
  expect(during).toBeLessThanOrEqual(14);
  vi.advanceTimersByTime(1_000);
  source.change();
  expect(heard.mock.calls.length).toBeGreaterThan(during);
  const before = heard.mock.calls.length;
  for (let i = 0; i < 4; i += 1) source.change();
  expect(heard).toHaveBeenCalledTimes(before + 2);
  vi.advanceTimersByTime(100);
  expect(heard).toHaveBeenCalledTimes(before + 3);
  vi.advanceTimersByTime(10_000);
  expect(heard).toHaveBeenCalledTimes(before + 3);
});

test('listens only while somebody hears', () => {
  const { source, beat, heard, stop } = createHeard();
  const stopOther = beat.subscribe(() => undefined);
  stop();
  expect(source.listeners.size).toBe(1);
  stopOther();
  expect(source.listeners.size).toBe(0);
  source.change();
  expect(heard).not.toHaveBeenCalled();
  beat.subscribe(heard);
  source.change();
  expect(heard).toHaveBeenCalledTimes(1);
});

test('tells at once what comes of what the user does', () => {
  const { source, beat, heard } = createHeard();
  for (let i = 0; i < 10; i += 1) source.change();
  expect(heard).toHaveBeenCalledTimes(3);
  beat.hurry();
  expect(heard).toHaveBeenCalledTimes(4);
  source.change();
  expect(heard).toHaveBeenCalledTimes(5);
  vi.advanceTimersByTime(1_000);
  expect(heard).toHaveBeenCalledTimes(5);
});

import DataLoader from 'dataloader';

/** Far from what a statement or a call of Redis takes, and from what keeps others waiting. */
const MAX_KEYS = 500;
/** How long company is waited for. */
const WINDOW_MS = 10;

/**
 * Asks for many in one go; nothing is kept. Thousands of sockets open at once when a pod has gone, each with the same questions.
 * A lone question does not wait: the window is used only while the last load had company.
 */
export function batched<Key, Value>(load: (keys: Key[]) => Promise<(key: Key) => Value>): (key: Key) => Promise<Value> {
  let lastSize = 1;
  const loader = new DataLoader<Key, Value>(
    async (keys) => {
      lastSize = keys.length;
      const valueOf = await load([...keys]);
      return keys.map(valueOf);
    },
    {
      cache: false,
      maxBatchSize: MAX_KEYS,
      batchScheduleFn: (run) => void (lastSize > 1 ? setTimeout(run, WINDOW_MS) : setImmediate(run)),
    },
  );
  return (key) => loader.load(key);
}

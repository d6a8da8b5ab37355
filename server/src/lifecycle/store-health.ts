const EVERY_MS = 1_000;

/** Whether Postgres answers, asked once a second: while it does not, nobody can refresh a token and expiry is suspended. */
export function createStoreHealth(ping: () => Promise<void>) {
  let reachable = true;
  let asking = false;

  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    reachable = await ping().then(
      () => true,
      () => false,
    );
    asking = false;
  }

  const timer = setInterval(() => void ask(), EVERY_MS);
  timer.unref();
  return { isReachable: () => reachable, [Symbol.dispose]: () => clearInterval(timer) };
}

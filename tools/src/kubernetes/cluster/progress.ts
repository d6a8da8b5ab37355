export type Say = (text: string) => void;

/** Each line with the seconds since the start, so that a long step is seen as one. */
export function createProgress(): Say {
  const startedAt = performance.now();
  return (text) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4);
    process.stdout.write(`[${seconds} s] ${text}\n`);
  };
}

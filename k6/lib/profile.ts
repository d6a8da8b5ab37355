/** Points of a line: at this part of the run (0 … 1), this share (0 … 1). Before the first and after the last it is flat. */
export type Line = readonly (readonly [at: number, share: number])[];

/** The shape of a load, apart from its size. */
export interface Profile {
  /** Share of the clients that are connected. */
  clients: Line;
  /** Share of RATE that is offered. */
  rate: Line;
  /** Parts of the run at which every client drops its connection and comes back at once. */
  drops?: readonly number[];
}

const flat: Line = [[0, 1]];

export const profiles = {
  constant: { clients: flat, rate: flat },
  ramp: {
    clients: [
      [0, 0.1],
      [0.8, 1],
    ],
    rate: [
      [0, 0.1],
      [0.8, 1],
    ],
  },
  spike: {
    clients: flat,
    rate: [
      [0.4, 0.1],
      [0.42, 1],
      [0.6, 1],
      [0.62, 0.1],
    ],
  },
  storm: { clients: flat, rate: flat, drops: [0.3, 0.65] },
} as const satisfies Record<string, Profile>;

export function shareAt(line: Line, at: number): number {
  const next = line.findIndex(([point]) => point > at);
  if (next === 0) return line[0]![1];
  if (next < 0) return line[line.length - 1]![1];
  const [fromAt, from] = line[next - 1]!;
  const [toAt, to] = line[next]!;
  return from + ((to - from) * (at - fromAt)) / (toAt - fromAt);
}

/** A fixed schedule: how many messages are due since the last call. A slow server does not slow it (open loop). */
export function createPace(perSecondAt: (ms: number) => number): (elapsedMs: number) => number {
  let lastMs = 0;
  let owed = 0;
  return (elapsedMs) => {
    owed += (perSecondAt((lastMs + elapsedMs) / 2) * (elapsedMs - lastMs)) / 1_000;
    lastMs = elapsedMs;
    const due = Math.floor(owed);
    owed -= due;
    return due;
  };
}

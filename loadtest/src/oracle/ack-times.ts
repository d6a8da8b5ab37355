const CELLS = 2 ** 17;

/**
 * When messages were acknowledged, shared by all threads. A newer message may take the cell of an older one: it answers for
 * deliveries of the last minutes, in two megabytes.
 */
export class AckTimes {
  readonly #marks: Float64Array;
  readonly #times: Float64Array;

  constructor(cells: SharedArrayBuffer) {
    this.#marks = new Float64Array(cells, 0, CELLS);
    this.#times = new Float64Array(cells, CELLS * Float64Array.BYTES_PER_ELEMENT, CELLS);
  }

  static createCells(): SharedArrayBuffer {
    return new SharedArrayBuffer(2 * CELLS * Float64Array.BYTES_PER_ELEMENT);
  }

  put(mark: number, atMs: number): void {
    const cell = mark % CELLS;
    this.#times[cell] = atMs;
    this.#marks[cell] = mark;
  }

  /** Undefined: not acknowledged yet, or too long ago. */
  get(mark: number): number | undefined {
    const cell = mark % CELLS;
    return this.#marks[cell] === mark ? this.#times[cell] : undefined;
  }
}

import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 collect garbage sooner rather than let the heap grow: an operator works in bursts and then idles for hours with
 * what the burst took. Measured with 40 ChatClusters: 119 MB resident in place of 190. At 40 % more than what lives, not at
 * the 10 % that go with it: with 1,000 ChatClusters a start takes 4.9 s of CPU in place of 6.3, and idles with as much.
 */
export function preferSmallHeap(): void {
  for (const flag of ['--optimize-for-size', '--max-semi-space-size=2', '--heap-growing-percent=40']) setFlagsFromString(flag);
}

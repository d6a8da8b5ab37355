import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 collect garbage sooner rather than let the heap grow: an operator works in bursts and then idles for hours with
 * what the burst took. Measured with 40 ChatClusters: 119 MB resident in place of 190.
 */
export function preferSmallHeap(): void {
  for (const flag of ['--optimize-for-size', '--max-semi-space-size=2']) setFlagsFromString(flag);
}

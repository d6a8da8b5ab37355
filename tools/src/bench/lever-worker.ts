/** Makes the frames of the events that it is sent. */
import { parentPort } from 'node:worker_threads';
import { encodeEvent, frameOf } from '@chatcluster/server/fanout/encode';

parentPort!.on('message', (event) => {
  const { buffer, byteLength, byteOffset } = frameOf(encodeEvent('entries', event));
  // A copy that can be handed over without another one.
  const frame = new Uint8Array(buffer, byteOffset, byteLength).slice();
  parentPort!.postMessage(frame, [frame.buffer]);
});

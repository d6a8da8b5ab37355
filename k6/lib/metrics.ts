import { Counter, Trend } from 'k6/metrics';
import type { Recorder } from './recorder.ts';

/** Created in the init stage of every VU; their names are those of the summary. */
export function createMetrics(): Recorder {
  const sendAck = new Trend('send_ack_ms', true);
  const delivery = new Trend('delivery_ms', true);
  const connect = new Trend('connect_ms', true);
  const reconnect = new Trend('reconnect_ms', true);
  const acknowledged = new Counter('acknowledged');
  const refused = new Counter('refused');
  const unanswered = new Counter('unanswered');
  const unsent = new Counter('unsent');
  const delivered = new Counter('delivered');
  const expected = new Counter('followed_expected');
  const lost = new Counter('followed_lost');
  const refreshed = new Counter('refreshed');
  const moved = new Counter('moved');
  const podCpu = new Counter('pod_cpu_ms');
  const connectFailed = new Counter('connect_failed');
  const dropped = new Counter('dropped');
  let hasWarned = false;
  return {
    connected: (ms) => connect.add(ms),
    reconnected: (ms) => reconnect.add(ms),
    connectFailed(reason) {
      connectFailed.add(1, { reason });
      // One of each VU says why; the summary has only the number.
      if (!hasWarned) console.warn(`a client could not connect: ${reason}`);
      hasWarned = true;
    },
    dropped: (reason) => dropped.add(1, { reason }),
    refreshed: () => refreshed.add(1),
    moved: () => moved.add(1),
    acknowledged(ms) {
      acknowledged.add(1);
      sendAck.add(ms);
    },
    refused: (code) => refused.add(1, { code }),
    unanswered: () => unanswered.add(1),
    unsent: () => unsent.add(1),
    delivered: (messages) => delivered.add(messages),
    followed: (ms) => delivery.add(ms),
    expected: (deliveries) => expected.add(deliveries),
    podCpu: (ms) => podCpu.add(ms),
    lost: (deliveries) => lost.add(deliveries),
  };
}

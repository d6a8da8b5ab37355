import type { FanoutDeps } from './deps.ts';
import { createDeliverer, toArrival, type Arrival, type Deliverer } from './deliver.ts';
import { encodeEvent } from './encode.ts';
import { createSequencer, type Sequencer } from './sequencer.ts';
import type { ControlMessage, EncodedPacket, Fanout } from './types.ts';

/** What joins the "pods" of one process; in production there is one pod on it. */
export interface MemoryBus {
  pods: Set<MemoryPod>;
  sequencer: Sequencer;
}

interface MemoryPod {
  arrive(arrival: Arrival): void;
  write(userIds: string[], packet: EncodedPacket, options: { volatile: boolean; exceptSocketId?: string }): void;
  control(message: ControlMessage): void;
}

export function createMemoryBus(): MemoryBus {
  return { pods: new Set(), sequencer: createSequencer() };
}

/** Fan-out without Redis: a single process, and the reference for the shared suite. */
export function createMemoryFanout(deps: FanoutDeps & { bus?: MemoryBus }): Fanout {
  const bus = deps.bus ?? createMemoryBus();
  const deliverer = createDeliverer(deps);
  const handlers = new Set<(message: ControlMessage) => void>();
  const pod: MemoryPod = {
    arrive: (arrival) => void deliverer.lanes.run(arrival.conversationId, arrival.fromSeq, () => deliverer.deliver(arrival)),
    write: (userIds, packet, o) => void deps.hub.toUsers(userIds, packet, o.volatile, o.exceptSocketId),
    control: (message) => handlers.forEach((handler) => handler(message)),
  };
  return {
    mode: 'memory',
    async start() {
      bus.pods.add(pod);
    },
    ...socketsOf(deps, deliverer),
    async publish(batch) {
      const { conversationId, entries } = batch;
      const arrival = toArrival(batch, encodeEvent('entries', { conversationId, entries }));
      await bus.sequencer.run(batch, () => bus.pods.forEach((each) => each.arrive(arrival)));
      return true;
    },
    toUsers(userIds, event, payload, options = {}) {
      const packet = encodeEvent(event, payload);
      for (const each of bus.pods)
        each.write(userIds, packet, { volatile: options.droppable ?? true, exceptSocketId: options.exceptSocketId });
    },
    onControl: (handler) => void handlers.add(handler),
    broadcast: (message) => bus.pods.forEach((each) => each.control(message)),
    isHealthy: () => true,
    async [Symbol.asyncDispose]() {
      bus.pods.delete(pod);
    },
  };
}

function socketsOf({ hub }: FanoutDeps, { large }: Deliverer): Pick<Fanout, 'attach' | 'detach'> {
  return {
    async attach(socket) {
      hub.attach(socket);
      large.userArrived(socket.userId);
    },
    detach(socket) {
      hub.detach(socket);
      if (hub.socketsOf(socket.userId).size === 0) large.userLeft(socket.userId);
    },
  };
}

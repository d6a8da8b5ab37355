import { randomUUID } from 'node:crypto';
import { redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { fanoutSuite } from './fanout.suite.ts';
import { createHub } from './hub.ts';
import { createMemoryBus, createMemoryFanout } from './memory.ts';
import { log, openCluster, routed, streamsAdapter } from './testing-cluster.ts';

fanoutSuite('memory', () => {
  const bus = createMemoryBus();
  return openCluster((store) => createMemoryFanout({ podId: randomUUID(), hub: createHub(), access: store.cache(), log, bus }));
});

fanoutSuite('routed', () => {
  const prefix = uniquePrefix();
  return openCluster((store) => routed(store, [redisUrl()], prefix));
});

fanoutSuite('streams-adapter', () => {
  const prefix = uniquePrefix();
  return openCluster((store) => streamsAdapter(store, [redisUrl()], prefix), false);
});

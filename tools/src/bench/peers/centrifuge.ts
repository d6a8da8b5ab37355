import { ensureTool } from '../../kubernetes/tools.ts';
import { freePort } from '../../process.ts';
import { startPeer } from '../peer.ts';
import { PODS, type Side } from '../sides.ts';
import type { Services, World } from '../world.ts';
import { startProgram } from './program.ts';

/** Three nodes of tools/peers/centrifuge on the benchmark's Redis. */
export async function startCentrifuge(stack: AsyncDisposableStack, services: Services, world: World): Promise<Side<'centrifuge'>> {
  const file = await ensureTool('centrifuge');
  const ports = await Promise.all(Array.from({ length: PODS }, () => freePort()));
  const nodes = await Promise.all(
    ports.map((port) => startProgram(file, { args: ['-port', `${port}`, '-redis', services.redisUrl], port, stderr: 'inherit' })),
  );
  nodes.forEach((node) => stack.use(node));
  const load = stack.use(startPeer('peers/centrifuge-load.ts'));
  await load.call('open', { ports, world });
  return { name: 'centrifuge', pids: nodes.map((node) => node.pid), load, catchUp: async () => undefined };
}

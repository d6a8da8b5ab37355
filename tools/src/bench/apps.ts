/** Apps of a single file as sides of a benchmark: three processes each, with tables of their own. */
import { startPeer } from './peer.ts';
import { PODS, type StartSide } from './sides.ts';
import type { LoadRequest } from './load.ts';
import { run, storeWorld, type World } from './world.ts';

async function storeBare(url: string, { conversations }: World): Promise<void> {
  await run(
    url,
    'create table messages (id bigserial primary key, conversation_id uuid not null, sender_id uuid not null, body text not null, at timestamptz not null default now())',
  );
  await run(url, 'create index on messages (conversation_id, id)');
  await run(url, 'create table memberships (user_id uuid, conversation_id uuid, primary key (user_id, conversation_id))');
  const pairs = conversations.flatMap(({ id, members }) => members.map((user) => ({ id, user })));
  await run(url, 'insert into memberships select * from unnest($1::uuid[], $2::uuid[])', [
    pairs.map((pair) => pair.user),
    pairs.map((pair) => pair.id),
  ]);
}

interface AppOptions {
  /** After the addresses of the database and of Redis. */
  args?: string[];
  /** With the tables of our server. @default false */
  isOurSchema?: boolean;
}

export const startApps =
  <Name extends string>(name: Name, file: string, { args = [], isOurSchema = false }: AppOptions = {}): StartSide<Name> =>
  async (stack, services, world) => {
    const url = await services.createDatabase(name.replaceAll(/\W/g, '_'), isOurSchema);
    await (isOurSchema ? storeWorld : storeBare)(url, world);
    const apps = Array.from({ length: PODS }, () => stack.use(startPeer(file, [url, services.redisUrl, ...args])));
    const ports = await Promise.all(apps.map((app) => app.call<number>('listen')));
    const load = stack.use(startPeer('load.ts'));
    await load.call('open', { ports, world, auths: world.users.map((userId) => JSON.stringify({ userId })) } satisfies LoadRequest);
    return { name, pids: apps.map((app) => app.pid), load, catchUp: async () => undefined };
  };

// Keeps the chats of one person in a file: history is there without a network, and what is written then is sent later.
// Run it against a running server: node client/examples/offline.ts http://localhost:8080
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ChatClient } from '@chatcluster/client';
import { createNodeStore } from '@chatcluster/client/local/node-store';

const url = process.argv[2] ?? 'http://localhost:8080';
const folder = mkdtempSync(join(tmpdir(), 'chat-example-'));
const until = (client: ChatClient, isTrue: () => boolean) =>
  new Promise<void>((resolve) => {
    const look = () => isTrue() && resolve();
    client.subscribe(look);
    look();
  });

async function run(server: string, use: (client: ChatClient) => Promise<void>): Promise<void> {
  await using store = await createNodeStore(join(folder, 'chats.sqlite'));
  await using client = createClient({ url: server, store });
  await use(client);
}

let id = '';
await run(url, async (client) => {
  await client.guest({ displayName: 'Ada' });
  client.start();
  ({ id } = await client.createGroup({ title: 'Notes', memberIds: [] }));
  await client.open(id);
  client.send(id, 'written at home');
  await until(client, () => client.conversation(id).messages.length === 1);
});
await run('http://127.0.0.1:9', async (client) => {
  await client.resume();
  await client.open(id);
  console.log('Without a network:', client.conversation(id).messages[0]?.body);
  client.send(id, 'written on the train');
});
await run(url, async (client) => {
  await client.resume();
  client.start();
  await client.open(id);
  await until(client, () => client.conversation(id).messages.length === 2);
  console.log(
    'Back again:',
    client
      .conversation(id)
      .messages.map(({ body }) => body)
      .join(', '),
  );
});
rmSync(folder, { recursive: true });

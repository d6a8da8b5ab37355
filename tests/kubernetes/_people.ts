import { type ChatClient, createClient } from '@chatcluster/client';
import { eventually } from '@chatcluster/tools/testing';

const patience = { deadlineMs: 60_000 };

/** A guest with a live connection. */
export async function enter(url: string, displayName: string): Promise<ChatClient> {
  const client = createClient({ url });
  await client.guest({ displayName });
  client.start();
  await eventually(() => client.connection().state === 'live', { ...patience, message: `${displayName} is not live` });
  return client;
}

/** Two people talk to each other. */
export async function chat(url: string): Promise<void> {
  await using ada = await enter(url, 'Ada');
  await using bob = await enter(url, 'Bob');
  const { id } = await ada.createDirect(bob.me()?.id ?? '');
  await eventually(() => bob.conversations().some((conversation) => conversation.id === id), patience);
  await Promise.all([ada.open(id), bob.open(id)]);
  for (const body of ['one', 'two', 'three']) ada.send(id, body);
  await eventually(() => bob.conversation(id).messages.length === 3, { ...patience, message: 'the messages did not arrive' });
}

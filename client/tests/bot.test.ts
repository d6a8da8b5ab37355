import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { ChatError, createClient } from '../src/index.ts';
import { makeAdmin, startTestServer } from './server.ts';

test('the bot example answers where it was added, until its token is ended', async () => {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const { url } = stack.use(await startTestServer(database.url));
  const ada = stack.use(createClient({ url }));
  const { user } = await ada.guest({ displayName: 'Ada' });
  await makeAdmin(database.url, user.id);
  const bot = await ada.rest.createBot('Pong');

  const example = fileURLToPath(new URL('../examples/bot.ts', import.meta.url));
  const child = spawn(process.execPath, [example, url], { env: { ...process.env, CHAT_BOT_TOKEN: bot.token }, stdio: 'pipe' });
  const ended = once(child, 'exit');
  stack.defer(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  await eventually(() => printed.includes('Pong is listening'), { deadlineMs: 30_000 });

  ada.start();
  const { id } = await ada.createGroup({ title: 'Bots', memberIds: [bot.user.id] });
  await ada.open(id);
  ada.send(id, '!ping');
  const answer = await eventually(() => ada.conversation(id).messages.find((m) => m.body === 'pong'), { deadlineMs: 30_000 });
  assert.equal(answer.actorId, bot.user.id);
  assert.equal(answer.replyTo, ada.conversation(id).messages[0]?.id);

  await ada.rest.renewBotToken(bot.user.id);
  assert.deepEqual((await ended)[0], 0);
  await using other = createClient({ url });
  await assert.rejects(other.useToken(bot.token), (error) => error instanceof ChatError && error.code === 'unauthenticated');
});

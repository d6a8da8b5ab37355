// A bot that answers "!ping" in every conversation it is added to. An administrator makes its token: POST /v1/admin/bots.
// Run it: CHAT_BOT_TOKEN=bot_… node client/examples/bot.ts http://localhost:8080
import { createClient } from '@chatcluster/client';

const token = process.env.CHAT_BOT_TOKEN;
if (!token) throw new Error('set CHAT_BOT_TOKEN to the token of the bot');
await using bot = createClient({ url: process.argv[2] ?? 'http://localhost:8080' });
const { user } = await bot.useToken(token);

bot.on('message', ({ conversation, message }) => {
  if (message.body.trim() === '!ping') bot.send(conversation.id, { body: 'pong', replyTo: message.id });
});
bot.on('connection', ({ state }) => state === 'live' && console.log(`${user.displayName} is listening`));
bot.start();

// Until the token is ended, or Ctrl+C.
await Promise.race([
  new Promise<void>((resolve) => bot.on('signed-out', () => resolve())),
  ...(['SIGINT', 'SIGTERM'] as const).map((signal) => new Promise<void>((resolve) => process.once(signal, () => resolve()))),
]);

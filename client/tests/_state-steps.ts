import type { ChatClient } from '../src/index.ts';
import { openAll, type Device, type Person, type Random } from './_state-world.ts';

export interface Game {
  readonly random: Random;
  readonly people: readonly Person[];
  readonly devices: readonly Device[];
  /** As if the first half of the conversation had been written long ago. */
  age(conversationId: string): Promise<void>;
}

type Move = { says: string; run: () => unknown };
type Maker = (game: Game, device: Device, conversationId: string) => Move | undefined;

/** What needs a connection is not tried without one: it would wait for it. */
const online: Record<string, [weight: number, make: Maker]> = {
  open: [6, (_, device, id) => move(() => (device.opened.add(id), openAll(device.client, [id])))],
  edit: [4, aboutOwn((client, id, messageId) => client.edit(id, messageId, 'edited'))],
  delete: [4, aboutOwn((client, id, messageId) => client.remove(id, messageId))],
  react: [6, aboutAny((client, id, messageId, random) => client.react(id, messageId, random.is(0.5) ? '👍' : '🎉', random.is(0.7)))],
  pin: [3, aboutAny((client, id, messageId, random) => client.pin(id, messageId, random.is(0.7)))],
  unread: [4, aboutSeq((client, id, seq) => client.markUnread(id, seq))],
  mute: [2, ({ random }, { client }, id) => move(() => client.updateMine(id, { level: random.is(0.5) ? 'none' : 'all' }))],
  favourite: [2, ({ random }, { client }, id) => move(() => client.updateMine(id, { favourite: random.is(0.5) }))],
  block: [4, aboutPerson((client, _id, userId, random) => client.blocks.set(userId, random.is(0.5)))],
  add: [3, aboutPerson((client, id, userId) => client.addMembers(id, [userId]))],
  remove: [1, aboutPerson((client, id, userId) => client.removeMember(id, userId))],
  promote: [2, aboutPerson((client, id, userId, random) => client.setRole(id, userId, random.is(0.5) ? 'admin' : 'member'))],
  leave: [1, (_, { client }, id) => move(() => client.leave(id))],
  rename: [2, ({ random }, { client }, id) => move(() => client.update(id, { title: `title ${random.below(100)}` }))],
  archive: [1, ({ random }, { client }, id) => move(() => client.update(id, { archived: random.is(0.3) }))],
  group: [1, ({ people }, { client }) => move(() => client.createGroup({ title: 'more', memberIds: people.map((p) => p.id) }))],
  direct: [1, aboutPerson((client, _id, userId) => client.createDirect(userId))],
  profile: [1, ({ random }, { client }) => move(() => client.rest.updateMe({ displayName: `name ${random.below(100)}` }))],
  trim: [1, (game, _device, id) => move(() => game.age(id))],
};

const anytime: Record<string, [weight: number, make: Maker]> = {
  send: [14, ({ random }, { client }, id) => move(() => client.send(id, { body: `text ${random.below(1_000)}` }))],
  mention: [5, aboutPerson((client, id, userId) => client.send(id, { body: 'you', mentions: [userId] }))],
  mentionAll: [2, (_, { client }, id) => move(() => client.send(id, { body: 'all', mentionAll: true }))],
  reply: [3, aboutAny((client, id, messageId) => client.send(id, { body: 'reply', replyTo: messageId }))],
  thread: [10, answerInThread],
  readThread: [12, readThread],
  read: [8, aboutSeq((client, id, seq) => client.markRead(id, seq))],
  readAll: [4, (_, { client }, id) => move(() => client.markRead(id))],
  connect: [8, (_, device) => move(() => (device.isUp ? device.down() : device.up()))],
  restart: [2, (_, device) => move(() => device.restart(false))],
  wipe: [1, (_, device) => move(() => device.restart(true))],
};

const move = (run: () => unknown): Move => ({ says: '', run });

type About = (client: ChatClient, id: string, what: string, random: Random) => unknown;

function aboutAny(run: About): Maker {
  return ({ random }, { client }, id) => {
    const message = random.pick(client.conversation(id).messages);
    return message && { says: `#${message.seq}`, run: () => run(client, id, message.id, random) };
  };
}

/** Most answers go to a thread that there is already. */
function answerInThread({ random }: Game, { client }: Device, id: string): Move | undefined {
  const { messages } = client.conversation(id);
  const answers = messages.filter((m) => m.threadRoot !== undefined);
  const message = random.pick(answers.length > 0 && random.is(0.8) ? answers : messages);
  const threadRoot = message && (message.threadRoot ?? message.id);
  return threadRoot === undefined ? undefined : move(() => client.send(id, { body: 'in the thread', threadRoot }));
}

function readThread({ random }: Game, { client }: Device, id: string): Move | undefined {
  const { messages, conversation } = client.conversation(id);
  const root = random.pick(messages.filter((message) => client.threads.unread(id, message.id) > 0));
  return root && { says: `of #${root.seq}`, run: () => client.threads.markRead(id, root.id, conversation?.lastSeq ?? 0) };
}

function aboutOwn(run: About): Maker {
  return ({ random }, { client, person }, id) => {
    const message = random.pick(client.conversation(id).messages.filter((m) => m.actorId === person.id));
    return message && { says: `#${message.seq}`, run: () => run(client, id, message.id, random) };
  };
}

function aboutPerson(run: About): Maker {
  return ({ random, people }, { client, person }, id) => {
    const other = random.pick(people.filter((p) => p.id !== person.id));
    return other && { says: other.name, run: () => run(client, id, other.id, random) };
  };
}

function aboutSeq(run: (client: ChatClient, id: string, seq: number) => unknown): Maker {
  return ({ random }, { client }, id) => {
    const seq = 1 + random.below(client.conversation(id).conversation?.lastSeq ?? 1);
    return { says: `up to ${seq}`, run: () => run(client, id, seq) };
  };
}

function choose(game: Game, table: Record<string, [number, Maker]>): string {
  const total = Object.values(table).reduce((sum, [weight]) => sum + weight, 0);
  let rest = game.random.below(total);
  return Object.keys(table).find((name) => (rest -= table[name]?.[0] ?? 0) < 0) ?? '';
}

/** The next thing that somebody does; undefined: there is nothing to do it with. `says` is for the reader of a failure. */
export function nextMove(game: Game): Move | undefined {
  const { random, devices } = game;
  const device = random.pick(devices);
  const id = random.pick(device?.client.conversations() ?? [])?.id;
  const table = device?.isUp ? { ...online, ...anytime } : anytime;
  const name = choose(game, table);
  if (device === undefined || (id === undefined && !['connect', 'restart', 'wipe'].includes(name))) return undefined;
  const made = table[name]?.[1](game, device, id ?? '');
  return made && { ...made, says: `${device.label} ${name} ${made.says} in ${id?.slice(-4)}` };
}

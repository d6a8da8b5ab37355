/**
 * Clients of Tinode: each with an account of its own, attached to every conversation that it is in. Not to `me`, by which its
 * apps hear of the others: nothing is left to hear there, and Tinode does half as much with it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { answered, checkClosed, delivered, type LoadClient, newClient, openAll, type Place } from '../load-clients.ts';
import { serveLoad } from '../load-loop.ts';
import { RawSocket } from '../raw-socket.ts';
import type { World } from '../world.ts';

interface Ctrl {
  id?: string;
  topic?: string;
  code: number;
  text: string;
  params?: { user?: string };
}
interface Data {
  topic: string;
  seq: number;
  content: string;
}
interface Person {
  userId: string;
  load: LoadClient;
  socket: RawSocket;
  asked: Map<string, (answer: Ctrl) => void>;
}

const ANSWER_MS = 10_000;
const ATTEMPTS = 50;
const AT_ONCE = 10;
const people = new Map<string, Person>();
let asks = 0;

function onText({ load, asked }: Person, text: string): void {
  if (text.startsWith('{"data":')) {
    const { topic, seq, content } = (JSON.parse(text) as { data: Data }).data;
    return delivered(load, topic, seq, content);
  }
  if (!text.startsWith('{"ctrl":')) return;
  const { ctrl } = JSON.parse(text) as { ctrl: Ctrl };
  const resolve = asked.get(ctrl.id ?? '');
  if (resolve) resolve(ctrl);
  else if (Number(ctrl.id) > 0) answered(load, Number(ctrl.id), ctrl.code === 202);
}

async function askOnce({ socket, asked }: Person, kind: string, request: object): Promise<Ctrl> {
  const id = `ask${(asks += 1)}`;
  const { promise, resolve } = Promise.withResolvers<Ctrl>();
  asked.set(id, resolve);
  socket.send(JSON.stringify({ [kind]: { id, ...request } }));
  const late = setTimeout(() => resolve({ code: 504, text: 'no answer' }), ANSWER_MS);
  const answer = await promise;
  clearTimeout(late);
  asked.delete(id);
  return answer;
}

/** Asks again while the nodes do not see each other yet, or are too busy. */
async function ask(person: Person, kind: string, request: object): Promise<Ctrl> {
  for (let attempt = 1; ; attempt += 1) {
    const answer = await askOnce(person, kind, request);
    if (answer.code < 400) return answer;
    if (answer.code < 500 || attempt === ATTEMPTS) throw new Error(`${kind}: ${answer.code} ${answer.text}`);
    await delay(200);
  }
}

async function openOne({ i, user, pod, port }: Place, apiKey: string): Promise<LoadClient> {
  const socket: RawSocket = new RawSocket({
    port,
    path: `/v0/channels?apikey=${apiKey}`,
    onText: (text) => onText(person, text),
    onClose: () => checkClosed(person.load),
  });
  const write = (id: number, topic: string, content: string) => socket.send(JSON.stringify({ pub: { id: `${id}`, topic, content } }));
  const load = newClient({ direct: [], groups: [], big: undefined, pod, write });
  const person: Person = { userId: '', load, socket, asked: new Map() };
  await socket.opened;
  await ask(person, 'hi', { ver: '0.25', ua: 'bench/1' });
  const secret = Buffer.from(`user${i}:password${i}`).toString('base64');
  const { params } = await ask(person, 'acc', { user: 'new', scheme: 'basic', secret, login: true, desc: { public: { fn: `user ${i}` } } });
  person.userId = params!.user!;
  people.set(user, person);
  return load;
}

async function inTurns<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += AT_ONCE) await Promise.all(items.slice(i, i + AT_ONCE).map(work));
}

/** Each knows the conversation by the other's id. */
async function joinDirect([one, other]: [Person, Person]): Promise<void> {
  for (const [person, topic] of [
    [one, other.userId],
    [other, one.userId],
  ] as const) {
    await ask(person, 'sub', { topic });
    person.load.direct.push(topic);
  }
}

async function joinGroup([owner, ...others]: [Person, ...Person[]]): Promise<void> {
  const topic = (await ask(owner, 'sub', { topic: 'new', set: { desc: { public: { fn: 'a group' } } } })).topic!;
  await inTurns(others, async (person) => void (await ask(person, 'sub', { topic })));
  for (const { load } of [owner, ...others]) {
    if (others.length > 100) load.big = topic;
    else load.groups.push(topic);
  }
}

serveLoad(async ({ world, ports, apiKey }: { world: World; ports: number[]; apiKey: string }) => {
  await openAll(world, ports, (place) => openOne(place, apiKey));
  await inTurns(world.conversations, ({ kind, members }) => {
    const persons = members.map((member) => people.get(member)!) as [Person, Person];
    return kind === 'direct' ? joinDirect(persons) : joinGroup(persons);
  });
});

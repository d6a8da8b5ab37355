/** The clients of a load, whatever its wire: opens them, and counts what their servers answer and deliver. */
import type { World } from './world.ts';

/** The ids by which a client's own wire knows its conversations. */
export interface Own {
  direct: string[];
  groups: string[];
  big: string | undefined;
}

export interface LoadClient extends Own {
  pod: number;
  highest: Map<string, number>;
  nextAck: number;
  waiting: Map<number, () => void>;
  /** Puts a message on the wire; its answer has to tell the id. */
  write(id: number, conversationId: string, body: string): void;
}

/** Where a user connects. */
export interface Place {
  i: number;
  user: string;
  pod: number;
  port: number;
  own: Own;
}

export const clients: LoadClient[] = [];
/** Since the process began; a run looks at the difference. */
export const total = { acked: 0, refused: 0, deliveries: 0, outOfOrder: 0 };
/** Send → receive on another pod, in ms, of the run that is on. */
export const latenciesMs: number[] = [];

export function newClient(given: Own & Pick<LoadClient, 'pod' | 'write'>): LoadClient {
  return { ...given, highest: new Map(), nextAck: 0, waiting: new Map() };
}

/** The server ended a connection: its answers would be waited for without end. */
export function checkClosed(client: LoadClient): void {
  if (clients.includes(client)) throw new Error('the server closed a socket');
}

export function answered(client: LoadClient, id: number, isOk: boolean): void {
  if (isOk) total.acked += 1;
  else total.refused += 1;
  const next = client.waiting.get(id);
  client.waiting.delete(id);
  next?.();
}

export function delivered(client: LoadClient, conversationId: string, seq: number, body: string): void {
  total.deliveries += 1;
  const highest = client.highest.get(conversationId) ?? 0;
  if (seq <= highest) total.outOfOrder += 1;
  else client.highest.set(conversationId, seq);
  const [sentAt, pod] = body.split(' ', 2);
  if (sentAt !== '-' && Number(pod) !== client.pod) latenciesMs.push(performance.now() - Number(sentAt));
}

function conversationsByUser({ users, conversations }: World): Map<string, Own> {
  const byUser = new Map<string, Own>(users.map((user) => [user, { direct: [], groups: [], big: undefined }]));
  for (const { id, kind, members } of conversations) {
    for (const member of members) {
      const own = byUser.get(member)!;
      if (kind === 'direct') own.direct.push(id);
      else if (members.length > 100) own.big = id;
      else own.groups.push(id);
    }
  }
  return byUser;
}

/** Every user's client, 25 at a time, over the pods by turns. */
export async function openAll(world: World, ports: number[], openOne: (place: Place) => Promise<LoadClient>): Promise<void> {
  const byUser = conversationsByUser(world);
  for (let i = 0; i < world.users.length; i += 25) {
    const some = world.users.slice(i, i + 25).map((user, j) => {
      const pod = (i + j) % ports.length;
      return openOne({ i: i + j, user, pod, port: ports[pod]!, own: byUser.get(user)! });
    });
    clients.push(...(await Promise.all(some)));
  }
}

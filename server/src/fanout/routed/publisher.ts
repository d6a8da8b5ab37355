import { type Arrival, toArrival, WAIT_MS } from '../deliver.ts';
import { encodeEvent } from '../encode.ts';
import { within } from '../lanes.ts';
import { usersInMemberEntries } from '../readers.ts';
import type { Publish } from '../types.ts';
import type { NamedServer, RoutedCore } from './core.ts';

/**
 * How long a publish that came too early is held for the ones before it, in steps: after each Redis is asked. The sweeper
 * repeats what is not settled a second after its commit.
 */
const HOLD_MS = [50, 200, 500];

/** Publishes by one function call on the conversation's server; see chat_v1.lua for the order. */
export function createPublisher(core: RoutedCore): (batch: Publish) => Promise<boolean> {
  return (batch) => {
    const { conversationId, entries, fromSeq, traceparent } = batch;
    const traced = traceparent === undefined ? {} : { traceparent };
    const arrival = toArrival(batch, encodeEvent('entries', { conversationId, entries, ...traced }));
    const server = core.serverOf(conversationId);
    if (!server.redis.isUsable()) return deliverAlone(core, arrival);
    const settle = core.deliverer.lanes.begin(conversationId, fromSeq);
    return publishThrough(core, server, { batch, arrival, settle }).finally(settle);
  };
}

/** Redis is away: this pod's sockets get it now, the others by the outbox and the tail. */
async function deliverAlone(core: RoutedCore, arrival: Arrival): Promise<boolean> {
  await deliverHere(core, arrival);
  return false;
}

async function deliverHere({ deliverer }: RoutedCore, arrival: Arrival): Promise<void> {
  await deliverer.lanes.run(arrival.conversationId, arrival.fromSeq, () => deliverer.deliver(arrival));
}

type Work = { batch: Publish; arrival: Arrival; settle(): void };

async function publishThrough(core: RoutedCore, server: NamedServer, { batch, arrival, settle }: Work): Promise<boolean> {
  let reply: [status: string, gate: number];
  try {
    const found = usersToFind(core, batch);
    // No await for a small conversation: what is sent after it must not overtake it on the way to Redis.
    const users = Array.isArray(found) ? found : await found;
    reply = (await server.redis.call(batch.closeBehind ? 'publish_behind' : 'publish', publishArgs(core, arrival, users))) as typeof reply;
  } catch (error) {
    core.deps.log.debug({ err: error }, 'publish did not reach redis; left to the outbox');
    return deliverAlone(core, arrival);
  }
  const [status, gate] = reply;
  if (status === 'held') {
    // From here its order is Redis's: it comes by the inbox, and whatever follows it here comes behind it or has a gate.
    // Keeping the lane through the hold made each later entry wait 250 ms.
    settle();
    return finishHeld(core, server, arrival);
  }
  // Another pod's entry of this conversation lies unread in the inbox: it goes first.
  if (gate > server.reader.seen) await within(WAIT_MS, server.reader.reached(gate));
  const caughtUp = core.caughtUp();
  if (caughtUp) {
    // Else the tail would wait for this lane, and this one for the tail.
    settle();
    await caughtUp;
  }
  await deliverHere(core, arrival);
  if (arrival.routing === 'conversation')
    core.large.delivered(arrival.conversationId, core.deliverer.large.get(arrival.conversationId)?.users ?? []);
  return true;
}

function publishArgs(core: RoutedCore, arrival: Arrival, users: string[]): (string | number)[] {
  const { conversationId, fromSeq, toSeq, memberVersion, routing, packet } = arrival;
  return [core.deps.podId, core.maxInbox, conversationId, fromSeq, toSeq, memberVersion, routing, packet.text, ...users];
}

function usersToFind(core: RoutedCore, batch: Publish): string[] | Promise<string[]> {
  if (batch.routing === 'user') return batch.recipients;
  const named = [...batch.recipients, ...usersInMemberEntries(batch.entries)];
  if (!core.large.isSettling(batch.conversationId)) return unique(named);
  return core.deps.access
    .get(batch.conversationId, batch.memberVersion)
    .then((access) => unique([...named, ...(access?.members.keys() ?? [])]));
}

function unique(ids: string[]): string[] {
  return [...new Set(ids)];
}

/** Held on Redis until the seqs before it came. It arrives here by the inbox, if anybody here reads it; at last it is let go as it is. */
async function finishHeld(core: RoutedCore, server: NamedServer, arrival: Arrival): Promise<boolean> {
  const { conversationId, fromSeq, toSeq } = arrival;
  // The inbox comes over a connection of its own, and may have been faster than an answer.
  const arrives = async (ms: number) =>
    core.deliverer.delivered.has(conversationId, fromSeq, toSeq) || (await core.arrives(conversationId, fromSeq, ms));
  try {
    let isHeld = true;
    for (const ms of HOLD_MS) {
      if (await arrives(ms)) return true;
      isHeld = (await server.redis.call('is_held', [conversationId, fromSeq])) === 1;
      if (!isHeld) break;
    }
    if (isHeld) await server.redis.call('release', [core.maxInbox, conversationId, fromSeq]);
  } catch (error) {
    core.deps.log.debug({ err: error }, 'held publish could not be released');
    return deliverAlone(core, arrival);
  }
  if (!(await arrives(WAIT_MS))) await deliverHere(core, arrival);
  return true;
}

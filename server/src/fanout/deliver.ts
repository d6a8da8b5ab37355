import type { Entry } from '@chatcluster/protocol';
import type { Routing } from '../store/types.ts';
import { createDelivered, type Delivered } from './delivered.ts';
import type { FanoutDeps } from './deps.ts';
import { encodeEvent } from './encode.ts';
import { createLargeIndex, type LargeIndex } from './hub.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { planShares, usersInMemberEntries } from './readers.ts';
import type { EncodedPacket, Publish } from './types.ts';

/** Longest wait of a delivery for an earlier one, and of a publish for Redis. */
export const WAIT_MS = 250;

/** Entries on their way to the sockets of this pod. */
export interface Arrival {
  conversationId: string;
  fromSeq: number;
  toSeq: number;
  memberVersion: number;
  routing: Routing;
  /** Users to write to besides the members that the large index finds. */
  recipients: string[];
  packet: EncodedPacket;
  /** The recipients were taken from the member list here, and not from the routes on Redis. @default false */
  toAll?: boolean;
}

/** The last step of every path: hub, large index, order and duplicates of one pod. */
export interface Deliverer {
  readonly large: LargeIndex;
  readonly lanes: Lanes;
  readonly delivered: Delivered;
  /** Writes to the local sockets unless it was delivered already; waits only when a member list must be loaded first. */
  deliver(arrival: Arrival): void | Promise<void>;
  /** What the tail found: who may read it is worked out from the member list of now. */
  deliverTail(conversationId: string, entries: Entry[], memberVersion: number): Promise<void>;
}

/**
 * The field that `encodeEvent` has put last: the text goes from pod to pod as it is, and a release that knows nothing of
 * traces writes and reads it all the same. What people write stands in quotes in front of it.
 */
function traceparentOf(text: string): string | undefined {
  return /"traceparent":"(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})"\}\]$/.exec(text.slice(-90))?.[1];
}

export function createDeliverer(deps: FanoutDeps): Deliverer {
  const large = createLargeIndex(deps.hub);
  const delivered = createDelivered();
  const lanes = createLanes(WAIT_MS, (error) => deps.log.warn({ err: error }, 'local delivery failed'));
  const context = { ...deps, large, delivered };
  return {
    large,
    lanes,
    delivered,
    deliver(arrival) {
      const { conversationId, fromSeq, toSeq } = arrival;
      if (delivered.has(conversationId, fromSeq, toSeq)) return undefined;
      const hand = () => (arrival.routing === 'user' ? write(context, arrival, arrival.recipients) : deliverLarge(context, arrival));
      const parent = deps.tracing?.isOn ? traceparentOf(arrival.packet.text) : undefined;
      return parent === undefined || !deps.tracing ? hand() : deps.tracing.span('deliver', { kind: 'consumer', parent }, hand);
    },
    deliverTail: (conversationId, entries, memberVersion) => deliverTail(context, conversationId, entries, memberVersion),
  };
}

type Context = FanoutDeps & { large: LargeIndex; delivered: Delivered };

function write(context: Context, arrival: Arrival, users: Iterable<string>): void {
  context.hub.toUsers(users, arrival.packet, false);
  const { conversationId, fromSeq, toSeq, memberVersion, packet } = arrival;
  context.delivered.add(conversationId, fromSeq, toSeq, arrival.toAll ?? false);
  context.recent?.add({ conversationId, fromSeq, toSeq, memberVersion, text: packet.text });
}

/** G6: a list older than the publish is reloaded before anything is written. */
function deliverLarge(context: Context, arrival: Arrival): void | Promise<void> {
  const known = context.large.get(arrival.conversationId);
  if (known && known.access.memberVersion >= arrival.memberVersion) {
    return write(context, arrival, union(known.users, arrival.recipients));
  }
  const cached = context.access.peek(arrival.conversationId, arrival.memberVersion);
  if (cached) return write(context, arrival, union(context.large.put(cached).users, arrival.recipients));
  return context.access.get(arrival.conversationId, arrival.memberVersion).then((access) => {
    if (access) write(context, arrival, union(context.large.put(access).users, arrival.recipients));
  });
}

function union(users: Set<string>, more: string[]): Set<string> {
  return more.length === 0 ? users : new Set([...users, ...more]);
}

async function deliverTail(context: Context, conversationId: string, entries: Entry[], memberVersion: number): Promise<void> {
  const [first, last] = [entries[0], entries.at(-1)];
  const isNew = ({ seq }: Entry) => !context.delivered.has(conversationId, seq, seq);
  if (!first || !last || !entries.some(isNew)) return;
  const access = await context.access.get(conversationId, memberVersion);
  // Meanwhile the inbox may have brought some.
  const missed = entries.filter(isNew);
  if (!access || missed.length === 0) return;
  for (const share of planShares(access, missed, (userId) => context.hub.socketsOf(userId).size > 0)) {
    context.hub.toUsers(share.users, encodeEvent('entries', { conversationId, entries: share.entries }), false);
  }
  context.delivered.add(conversationId, first.seq, last.seq, true);
  const { text } = encodeEvent('entries', { conversationId, entries });
  context.recent?.add({ conversationId, fromSeq: first.seq, toSeq: last.seq, memberVersion, text });
}

/** A publish as it arrives at the publisher's own sockets. */
export function toArrival(batch: Publish, packet: EncodedPacket): Arrival {
  const { conversationId, fromSeq, toSeq, memberVersion, routing } = batch;
  const recipients = routing === 'user' ? batch.recipients : [...batch.recipients, ...leavers(batch)];
  return { conversationId, fromSeq, toSeq, memberVersion, routing, recipients, packet, toAll: true };
}

/** People named by `left`/`removed` entries see that entry although the member list has them no more. */
function leavers(batch: Publish): string[] {
  const named = usersInMemberEntries(
    batch.entries.filter((e) => e.type === 'member' && (e.data.action === 'left' || e.data.action === 'removed')),
  );
  return named.length === batch.entries.length ? named : [];
}

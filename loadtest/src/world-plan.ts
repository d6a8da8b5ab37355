import { createZipf, pickInt, type Random, shuffle } from './random.ts';

export interface PlannedTalk {
  kind: 'direct' | 'group' | 'channel';
  members: number[];
}

export interface WorldPlan {
  talks: PlannedTalk[];
  /** By user: indexes of their conversations, the one they use most first. */
  likings: number[][];
}

export interface WorldSize {
  users: number;
  directsPerUser: number;
  groups: number;
  groupMaxMembers: number;
  channels: number;
  channelMaxMembers: number;
}

const SMALLEST_GROUP = 3;
/** How much rather somebody writes there than elsewhere. */
const appeal = { direct: 4, group: 2, channel: 0.5 } as const;

function distinct(count: number, users: number, random: Random): number[] {
  if (count > users / 2)
    return shuffle(
      Array.from({ length: users }, (_, i) => i),
      random,
    ).slice(0, count);
  const chosen = new Set<number>();
  while (chosen.size < count) chosen.add(pickInt(random, users));
  return [...chosen];
}

function planDirects({ users, directsPerUser }: WorldSize, random: Random): PlannedTalk[] {
  const pairs = new Map<string, PlannedTalk>();
  const wanted = Math.min((users * directsPerUser) / 2, (users * (users - 1)) / 2);
  // Everybody has at least one: else nobody could say anything to some of them.
  for (let i = 0; pairs.size < wanted; i += 1) {
    const first = i % users;
    const second = (first + 1 + pickInt(random, users - 1)) % users;
    const members = first < second ? [first, second] : [second, first];
    pairs.set(members.join(' '), { kind: 'direct', members });
  }
  return [...pairs.values()];
}

/** Sizes follow Zipf's law: most groups are small, channel k has a k-th of the members of the first. */
export function planWorld(size: WorldSize, random: Random): WorldPlan {
  const talks = planDirects(size, random);
  const most = Math.min(size.groupMaxMembers, size.users);
  const groupSize = createZipf(Math.max(1, most - SMALLEST_GROUP + 1));
  const groups = most < SMALLEST_GROUP ? 0 : size.groups;
  for (let i = 0; i < groups; i += 1)
    talks.push({ kind: 'group', members: distinct(SMALLEST_GROUP + groupSize(random), size.users, random) });
  for (let i = 0; i < size.channels; i += 1) {
    const members = Math.max(2, Math.floor(Math.min(size.channelMaxMembers, size.users) / (i + 1)));
    talks.push({ kind: 'channel', members: distinct(members, size.users, random) });
  }
  return { talks, likings: planLikings(talks, size.users, random) };
}

function planLikings(talks: PlannedTalk[], users: number, random: Random): number[][] {
  const own = Array.from({ length: users }, () => [] as { talk: number; rank: number }[]);
  for (const [talk, { kind, members }] of talks.entries())
    for (const member of members) own[member]!.push({ talk, rank: -Math.log(1 - random()) / appeal[kind] });
  return own.map((list) => list.sort((a, b) => a.rank - b.rank).map(({ talk }) => talk));
}

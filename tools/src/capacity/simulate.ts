import type { Demand, Load } from './model.ts';

/** Throws people at pods and messages at people, and counts what the formulas of the model say in closed form. */
export function simulate(load: Load, { pods, messages, random }: { pods: number; messages: number; random: () => number }): Demand {
  const messagesPerSecond = (load.users / 1_000) * load.messagesPerSecondPer1000;
  let deliveries = 0;
  let inboxEntries = 0;
  for (let i = 0; i < messages; i += 1) {
    const reached = new Set<number>();
    const members = membersOf(load, random());
    for (let member = 0; member < members; member += 1) {
      if (member > 0 && random() >= load.onlineShare) continue;
      for (let device = 0; device < load.devices; device += 1) {
        deliveries += 1;
        reached.add(Math.floor(random() * pods));
      }
    }
    inboxEntries += reached.size;
    for (let receipt = 0; receipt < load.receiptsPerMessage; receipt += 1) {
      deliveries += load.devices;
      inboxEntries += new Set(Array.from({ length: load.devices }, () => Math.floor(random() * pods))).size;
    }
  }
  const perMessage = messagesPerSecond / messages;
  return {
    sockets: load.users * load.onlineShare * load.devices,
    messagesPerSecond,
    deliveriesPerSecond: deliveries * perMessage,
    inboxEntriesPerSecond: inboxEntries * perMessage,
  };
}

/** The conversation that a number in [0, 1) falls on. */
function membersOf({ conversations }: Load, at: number): number {
  let left = at;
  for (const { share, members } of conversations) {
    left -= share;
    if (left < 0) return members;
  }
  return conversations.at(-1)?.members ?? 0;
}

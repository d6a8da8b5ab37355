import { planGroups } from './groups.ts';
import { type Account, createGroups, signUp } from './rest.ts';
import type { Settings } from './settings.ts';

/** The part of one VU: its users, and the conversation and fellow members of each by index. */
export interface Part {
  accounts: Account[];
  groups: { conversationId: string; members: number[] }[];
}
export interface World {
  run: string;
  parts: Part[];
}

/** Users and conversations over REST, before the load begins. */
export function createWorld(settings: Settings, run: string): World {
  const { restUrls, vus, socketsPerVu, groupSize, accounts } = settings;
  const all = signUp(restUrls, vus * socketsPerVu, { accounts, run });
  const plan = planGroups(socketsPerVu, groupSize);
  const own = (vu: number) => all.slice(vu * socketsPerVu, (vu + 1) * socketsPerVu);
  const members = Array.from({ length: vus }, (_, vu) => plan.map((group) => group.map((i) => own(vu)[i]!))).flat();
  const ids = createGroups(restUrls, members);
  const parts = Array.from({ length: vus }, (_, vu) => ({
    accounts: own(vu),
    groups: plan.map((group, g) => ({ conversationId: ids[vu * plan.length + g]!, members: group })),
  }));
  return { run, parts };
}

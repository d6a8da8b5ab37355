import { setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';
import type { WebSocketLike } from './chat-socket.ts';
import { Client } from './client.ts';
import { Crowd } from './crowd.ts';
import { socketUrl } from './packets.ts';
import { createPace, type Profile, shareAt } from './profile.ts';
import type { Recorder } from './recorder.ts';
import { fetchTicket, readCpuMs, refreshAccount } from './rest.ts';
import { type Settings, warmUpMs } from './settings.ts';
import type { Part } from './world.ts';

export interface VuOptions {
  settings: Settings;
  profile: Profile;
  part: Part;
  /** 0, 1, 2 … over all VUs of the scenario. */
  index: number;
  run: string;
  /** The same moment for every VU. */
  startAt: number;
  recorder: Recorder;
}

const TICK_MS = 10;
/** Every client is looked at once in so many ticks. */
const TURNS = 10;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function hex(digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('');
}

function createClients({ settings, part, index, recorder }: VuOptions, crowd: () => Crowd): Client[] {
  const { urls, restUrls, credential, socketsPerVu, ackTimeoutMs } = settings;
  return part.accounts.map((account, i) => {
    let turn = index * socketsPerVu + i;
    const restUrl = restUrls[i % restUrls.length]!;
    return new Client({
      open: () => new WebSocket(socketUrl(urls[turn % urls.length]!), null, { tags: { name: 'socket.io' } }) as unknown as WebSocketLike,
      onMoved() {
        turn += 1;
        recorder.moved();
      },
      auth: async () => (credential === 'ticket' ? { ticket: await fetchTicket(restUrl, account) } : { token: account.token }),
      refresh: () => refreshAccount(restUrl, account),
      onEvent: (text) => crowd().onFrame(i, text),
      onOffline: () => crowd().onOffline(i),
      recorder,
      ackTimeoutMs,
      nowMs: Date.now,
      random: Math.random,
    });
  });
}

function createCrowd(options: VuOptions): { clients: Client[]; crowd: Crowd } {
  const { settings, part, recorder } = options;
  const groupOf = part.groups.flatMap((group) => group.members.map(() => group));
  const clients = createClients(options, () => crowd);
  const crowd: Crowd = new Crowd({ ...settings, clients, groupOf, recorder, idPrefix: hex(24), nowMs: Date.now, random: Math.random });
  return { clients, crowd };
}

/** One iteration is the whole run of a VU: connect, offer the load, wait for the last answers, leave. */
export async function runVu(options: VuOptions): Promise<void> {
  const { settings, profile, startAt, recorder } = options;
  const { durationMs, vus, ratePerSecond, socketsPerVu } = settings;
  const warmMs = warmUpMs(settings);
  const { clients, crowd } = createCrowd(options);
  const partAt = (elapsed: number) => Math.max(0, (elapsed - warmMs) / durationMs);
  const wanted = (elapsed: number) => Math.min(elapsed / Math.max(1, warmMs - 1_000), shareAt(profile.clients, partAt(elapsed)));
  const due = createPace((ms) => (ms < warmMs ? 0 : (ratePerSecond / vus) * shareAt(profile.rate, partAt(ms))));
  const drops = [...(profile.drops ?? [])];
  for (let turn = 0; Date.now() - startAt < warmMs + durationMs; turn += 1) {
    const elapsed = Date.now() - startAt;
    for (let i = turn % TURNS; i < clients.length; i += TURNS) clients[i]!.tick(i < wanted(elapsed) * socketsPerVu);
    if (drops.length > 0 && partAt(elapsed) >= drops[0]!) {
      drops.shift();
      for (const client of clients) client.drop();
    }
    for (let count = due(elapsed); count > 0; count -= 1) if (!crowd.send()) recorder.unsent();
    if (turn % TURNS === 0) crowd.sweep();
    await pause(TICK_MS);
  }
  await leave(settings, clients, crowd);
}

/** The difference over the time of sending; one VU measures for all. */
export async function measureCpu({ settings, startAt, recorder }: Pick<VuOptions, 'settings' | 'startAt' | 'recorder'>): Promise<void> {
  if (settings.adminUrls.length === 0) return;
  const beginsAt = startAt + warmUpMs(settings);
  await pause(beginsAt - Date.now());
  const before = await readCpuMs(settings.adminUrls);
  await pause(beginsAt + settings.durationMs - Date.now());
  const ms = (await readCpuMs(settings.adminUrls)) - before;
  if (ms >= 0) recorder.podCpu(ms);
}

/** What is under way still gets its answer or its verdict. */
async function leave({ ackTimeoutMs, lossAfterMs }: Settings, clients: Client[], crowd: Crowd): Promise<void> {
  const end = Date.now() + ackTimeoutMs + lossAfterMs;
  while (!crowd.isSettled && Date.now() < end) {
    for (const client of clients) client.tick(true);
    crowd.sweep();
    await pause(TICK_MS * TURNS);
  }
  for (const client of clients) client.tick(false);
}

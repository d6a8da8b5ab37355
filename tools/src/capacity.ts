import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assumed, million, readMeasured, readRun } from './capacity/figures.ts';
import { demandOf, type Plan, planFor } from './capacity/model.ts';
import { format } from './bench/report.ts';
import { runMain } from './process.ts';

const sizes = [1_000, 10_000, 100_000, 1_000_000];
/** Connections of a pod to Postgres (`DATABASE_POOL`), and what Postgres takes before it is told otherwise. */
const POOL = 10;
const MAX_CONNECTIONS = 100;

const rows: [what: string, value: (plan: Plan) => number][] = [
  ['sockets', (plan) => plan.sockets],
  ['messages per second', (plan) => plan.messagesPerSecond],
  ['entries to sockets per second', (plan) => plan.deliveriesPerSecond],
  ['inbox entries per second', (plan) => plan.inboxEntriesPerSecond],
  ['realtime pods of one core', (plan) => plan.pods],
  ['… cores that they use at most', (plan) => plan.podCores],
  ['… their memory, GiB', (plan) => plan.podMemoryGib],
  ['Redis servers', (plan) => plan.redisServers],
  ['Postgres: writes per second', (plan) => plan.postgresWritesPerSecond],
  ['Postgres and commit: cores', (plan) => plan.postgresCores],
  ['Postgres: GiB per day', (plan) => plan.storedGibPerDay],
  ['Postgres: connections of these pods', (plan) => plan.pods * POOL],
  ['egress, Mbit/s', (plan) => plan.egressMbitPerSecond],
  ['cost per month and 1,000 users, $', (plan) => plan.costPerMonthPer1000Users],
];

/** The smallest number of users, in steps of a tenth, at which `isOver` says so. */
function usersAt(isOver: (plan: Plan) => boolean): string {
  const measured = readMeasured();
  for (let users = 1_000; users < 1e9; users = Math.ceil(users * 1.1)) {
    if (isOver(planFor({ ...million, users }, measured, assumed))) return format(Number(users.toPrecision(2)));
  }
  return 'more than a thousand million';
}

function page(): string {
  const measured = readMeasured();
  const plans = sizes.map((users) => planFor({ ...million, users }, measured, assumed));
  const curve = [1, 2, 5, 10, 20, 50, 84].map((pods) => [pods, demandOf(million, pods)] as const);
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  const { price } = assumed;
  const run = readRun();
  const asRun = planFor({ ...million, users: run.people, onlineShare: 1 }, measured, {
    ...assumed,
    targetUtilization: 1,
    socketsPerPod: run.people / run.pods,
  });
  return `# Capacity: a paper model to a million users

Written by \`node tools/src/capacity.ts\` from what \`make bench\` ([first.md](benchmarks/first.md)) and a run of the load generator
([load.json](benchmarks/load.json)) measured last; never edit it by hand.
A test compares its formulas with a simulation that throws people at pods and messages at people (\`tools/src/capacity/model.test.ts\`).

**It is a model.** The measured figures come from one machine of ${measured.cores} cores on which the load, Postgres, Redis and the pods
ran together; nobody has run a million users. What is assumed is named as such.

| what | ${sizes.map((users) => format(users)).join(' | ')} |
|---|${sizes.map(() => '--:').join('|')}|
${rows.map(([what, value]) => line([what, ...plans.map((plan) => format(value(plan)))])).join('\n')}

## Beside a real run

\`${run.command}\`: ${format(run.people)} people on ${run.pods} pods of a machine of ${run.cores} cores, who write, read, type, come and go; nothing was lost or late.
The processor time of a person is taken from this run, so that only the other figures are a test of the model.

| | model | run |
|---|--:|--:|
| messages per second | ${format(asRun.messagesPerSecond)} | ${format(run.messages / run.seconds)} |
| memory of the pods, GiB | ${format(asRun.podMemoryGib)} | ${format(run.podMemoryMib / 1_024)} |
| cores of the pods, were a message as cheap as in a full batch | ${format((asRun.deliveriesPerSecond * measured.podCpuUsPerDelivery) / 1e6)} | ${format(run.podCores)} |

Pods in use take more memory than idle sockets do: plan for half as much again. The last line is why the plans above do not reckon with it: with few messages a second each goes through Postgres, Redis and every event loop by itself.

## What breaks first

| what | at about so many users | then |
|---|--:|---|
| connections of Postgres (${MAX_CONNECTIONS} as installed, ${POOL} for each pod) | ${usersAt((plan) => plan.pods * POOL > MAX_CONNECTIONS)} | raise \`max_connections\`, or lower \`DATABASE_POOL\`: a pod of one core keeps two batches in flight |
| one Redis server | ${usersAt((plan) => plan.redisServers > 1)} | name a second one: conversations are spread over them by their id |
| what Postgres and the commit did together on the measured machine | ${usersAt((plan) => plan.postgresCores > measured.cores)} | a larger primary |
| 32 cores of Postgres | ${usersAt((plan) => plan.postgresCores > 32)} | nothing here: there is one primary, and it is the end of this design |

## Why a message costs the same however many pods there are

An entry goes to the inboxes of the pods on which its people sit, and to no other. With more pods, two people of a conversation
share a pod less often, so the entries per message rise towards the number of people and stay there; a broadcast to all pods would
grow with each pod.

| pods | ${curve.map(([pods]) => pods).join(' | ')} |
|---|${curve.map(() => '--:').join('|')}|
| inbox entries per message, routed | ${curve.map(([, demand]) => format(demand.inboxEntriesPerSecond / demand.messagesPerSecond)).join(' | ')} |
| inbox entries per message, one stream that all pods read | ${curve.map(([pods]) => format(pods * (1 + million.receiptsPerMessage))).join(' | ')} |

## Where the figures come from

| figure | value | from |
|---|--:|---|
| CPU of a pod that nobody uses | ${format(measured.idleCoresPerPod)} cores | measured, [load.json](benchmarks/load.json) |
| CPU of the pods for a person who is online, with all that people do | ${format(measured.podCpuUsPerPerson)} µs/s | measured, [load.json](benchmarks/load.json) |
| CPU of a pod per entry to a socket, sending and committing included | ${format(measured.podCpuUsPerDelivery)} µs | measured, \`cluster\` |
| memory of an idle socket | ${format(measured.memoryKibPerSocket)} KiB | measured, \`memory\` |
| durable messages of the whole machine | ${format(measured.durableMessagesPerSecond)}/s | measured, \`durable\` |
| bytes of an entry with a body of 200 B | ${measured.bytesPerDelivery} | measured, \`fanout\` |
| messages per second and 1,000 users | ${million.messagesPerSecondPer1000} | the target profile of the project |
| people online of all | ${million.onlineShare * 100} % | assumed |
| conversations | ${million.conversations.map(({ share, members }) => `${format(share * 100)} % of ${members}`).join(', ')} | the profile of the bench |
| receipts per message, after merging | ${million.receiptsPerMessage} | assumed |
| sockets per pod | ${format(assumed.socketsPerPod)} | default of the autoscaler |
| pods are at most so busy | ${assumed.targetUtilization * 100} % | assumed |
| operations of one Redis server | ${format(assumed.redisOperationsPerSecond)}/s | assumed |
| stored bytes of a message with indexes | ${assumed.storedBytesPerMessage} | assumed |
| prices: core-hour, GiB-hour, GiB of egress, GiB-month of storage | $${price.coreHour}, $${price.gibHour}, $${price.egressGib}, $${price.storageGibMonth} | assumed; put yours into \`tools/src/capacity/figures.ts\` |

Not in it: files, pushes, search, api and worker pods, standby servers, and reconnect storms (with admission control, N sockets take
N ÷ (pods × 300) seconds to come back).
`;
}

runMain(async () => {
  const file = join(import.meta.dirname, '../../docs/capacity.md');
  writeFileSync(file, page());
  process.stdout.write(page());
});

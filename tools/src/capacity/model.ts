/** What the people do; the defaults are those of the load generator and of quality.md. */
export interface Load {
  users: number;
  /** Of the users, connected at the busiest time. */
  onlineShare: number;
  /** Sockets of one person who is online. */
  devices: number;
  messagesPerSecondPer1000: number;
  /** What shares of the messages go to conversations of how many members. */
  conversations: readonly { share: number; members: number }[];
  /** Receipts (delivered and read, merged) that a message brings about, each a write and an event to the author. */
  receiptsPerMessage: number;
}

/** Read from docs/benchmarks/first.json and load.json; per core of that machine. */
export interface Measured {
  /** Of a pod that nobody uses: heartbeats, polling, and at times the work of the workers. */
  idleCoresPerPod: number;
  /**
   * Of the pods, for each person who is online, in µs per second: pings, messages, receipts, typing, history, coming and going as the
   * load generator does them. A message costs much more there than in a full batch.
   */
  podCpuUsPerPerson: number;
  /** Of the pods, for each delivery to a socket, in µs: sending, committing and publishing shared out among the deliveries. */
  podCpuUsPerDelivery: number;
  /** Resident, per idle socket, in KiB. */
  memoryKibPerSocket: number;
  /** Durable messages per second on the whole machine, Postgres and server together. */
  durableMessagesPerSecond: number;
  bytesPerDelivery: number;
  cores: number;
}

/** Not measured here; each is said in docs/capacity.md. */
export interface Assumed {
  /** No pod is planned busier than this. */
  targetUtilization: number;
  socketsPerPod: number;
  /** Published entries and inbox entries that one Redis server takes per second, with its one core. */
  redisOperationsPerSecond: number;
  /** Bytes of a stored entry with its indexes. */
  storedBytesPerMessage: number;
  price: { coreHour: number; gibHour: number; egressGib: number; storageGibMonth: number };
}

export interface Demand {
  sockets: number;
  messagesPerSecond: number;
  /** Entries written to sockets per second. */
  deliveriesPerSecond: number;
  /** Entries that pods read from their inboxes per second. */
  inboxEntriesPerSecond: number;
}

export interface Plan extends Demand {
  pods: number;
  podCores: number;
  podMemoryGib: number;
  redisServers: number;
  postgresWritesPerSecond: number;
  postgresCores: number;
  storedGibPerDay: number;
  egressMbitPerSecond: number;
  costPerMonthPer1000Users: number;
}

const MS_PER_S = 1_000;
const US_PER_S = 1_000_000;
const HOURS_PER_MONTH = 730;
/** A pod without sockets. */
const POD_BASE_GIB = 0.15;
const KIB_PER_GIB = 1024 ** 2;

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

/**
 * Pods that hold at least one of `sockets` people thrown at random into `pods`: the expected number of occupied boxes.
 * A message is written once to each of their inboxes, however many of its people sit there.
 */
export function podsReached(pods: number, sockets: number): number {
  return pods * (1 - (1 - 1 / pods) ** sockets);
}

/** What the load asks of a cluster of so many pods, without any cost. */
export function demandOf(load: Load, pods: number): Demand {
  const sockets = load.users * load.onlineShare * load.devices;
  const messagesPerSecond = (load.users / MS_PER_S) * load.messagesPerSecondPer1000;
  // The sender is online; of the others, the share.
  const online = (members: number) => (1 + (members - 1) * load.onlineShare) * load.devices;
  const deliveries = sum(load.conversations.map(({ share, members }) => share * online(members)));
  const reached = sum(load.conversations.map(({ share, members }) => share * podsReached(pods, online(members))));
  return {
    sockets,
    messagesPerSecond,
    deliveriesPerSecond: messagesPerSecond * (deliveries + load.receiptsPerMessage * load.devices),
    inboxEntriesPerSecond: messagesPerSecond * (reached + load.receiptsPerMessage * podsReached(pods, load.devices)),
  };
}

/** What people cost in a run like theirs; where they write more than there, what messages cost in full batches is the more of both. */
function coresOf({ sockets, deliveriesPerSecond }: Demand, pods: number, measured: Measured, assumed: Assumed): number {
  const used = Math.max(sockets * measured.podCpuUsPerPerson, deliveriesPerSecond * measured.podCpuUsPerDelivery) / US_PER_S;
  return (used + pods * measured.idleCoresPerPod) / assumed.targetUtilization;
}

/** Pods of one core each: as many as the sockets or the work need, whichever is more. */
export function planFor(load: Load, measured: Measured, assumed: Assumed): Plan {
  const bySockets = Math.ceil((load.users * load.onlineShare * load.devices) / assumed.socketsPerPod);
  const podsBySockets = Math.max(1, bySockets);
  const byWork = Math.ceil(coresOf(demandOf(load, podsBySockets), podsBySockets, measured, assumed));
  const pods = Math.max(podsBySockets, byWork);
  const demand = demandOf(load, pods);
  const writes = demand.messagesPerSecond * (1 + load.receiptsPerMessage);
  const plan = {
    ...demand,
    pods,
    podCores: coresOf(demand, pods, measured, assumed),
    podMemoryGib: (demand.sockets * measured.memoryKibPerSocket) / KIB_PER_GIB + pods * POD_BASE_GIB,
    redisServers: Math.ceil((demand.messagesPerSecond + demand.inboxEntriesPerSecond) / assumed.redisOperationsPerSecond),
    postgresWritesPerSecond: writes,
    postgresCores: (writes / measured.durableMessagesPerSecond) * measured.cores,
    storedGibPerDay: (demand.messagesPerSecond * 86_400 * assumed.storedBytesPerMessage) / 1024 ** 3,
    egressMbitPerSecond: (demand.deliveriesPerSecond * measured.bytesPerDelivery * 8) / 1_000_000,
  };
  return { ...plan, costPerMonthPer1000Users: costOf(plan, load, assumed) };
}

function costOf(plan: Omit<Plan, 'costPerMonthPer1000Users'>, load: Load, { price }: Assumed): number {
  const cores = plan.pods + plan.redisServers + Math.ceil(plan.postgresCores);
  const egressGib = ((plan.egressMbitPerSecond / 8) * 1_000_000 * 3_600 * HOURS_PER_MONTH) / 1024 ** 3;
  const month =
    HOURS_PER_MONTH * (cores * price.coreHour + plan.podMemoryGib * price.gibHour) +
    egressGib * price.egressGib +
    plan.storedGibPerDay * 30 * price.storageGibMonth;
  return (month / load.users) * MS_PER_S;
}

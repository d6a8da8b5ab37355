/** What a run does; every field has an environment variable of its name in capitals (`K6` hands them over with `-e`). */
export interface Settings {
  /** Base addresses, one per pod or a single load balancer; clients take them in turn. */
  urls: string[];
  /** Where the REST API answers, if not at `urls`: inside a cluster sockets and REST have Services of their own. */
  restUrls: string[];
  /** Admin addresses (port 9090) of the pods, to measure their CPU; empty: not measured. */
  adminUrls: string[];
  vus: number;
  /** Sockets of one VU: one JavaScript thread carries hundreds. */
  socketsPerVu: number;
  /** Members of each conversation; the group lives inside one VU, so that losses are seen exactly. */
  groupSize: number;
  /** Messages per second, of all clients together. */
  ratePerSecond: number;
  durationMs: number;
  /** New connections per second, of all clients together; 0: all at once. */
  connectPerSecond: number;
  /** One message in that many is followed to every receiver; the others are only counted. */
  sampleEvery: number;
  bodyChars: number;
  ackTimeoutMs: number;
  /** A followed message that a connected member has not got after this long is lost. */
  lossAfterMs: number;
  /** Bound of the thresholds on send_ack_ms and delivery_ms. */
  p99Ms: number;
  /** `register` hashes a password per user: slow, but registered users have a higher message rate than guests. */
  accounts: 'guest' | 'register';
  /** What CONNECT carries: the access token, or a single-use ticket fetched just before. */
  credential: 'token' | 'ticket';
}

/** What the caller has to put right; the message names the variable. */
export class SettingsError extends Error {
  override name = 'SettingsError';
}

export type Env = Record<string, string | undefined>;

/** What a scenario may choose; the environment wins. */
export type Defaults = Partial<Settings>;

const MINUTE = 60_000;

const base: Settings = {
  urls: [],
  restUrls: [],
  adminUrls: [],
  vus: 2,
  socketsPerVu: 50,
  groupSize: 10,
  ratePerSecond: 50,
  durationMs: MINUTE,
  connectPerSecond: 100,
  sampleEvery: 10,
  bodyChars: 100,
  ackTimeoutMs: 10_000,
  lossAfterMs: 5_000,
  p99Ms: 250,
  accounts: 'guest',
  credential: 'token',
};

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: MINUTE, h: 60 * MINUTE };

/** `90s`, `1m30s`, `500ms`, `2h`, as k6 writes durations; NaN when it is none. */
export function parseDuration(text: string): number {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return Number.NaN;
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
}

function number(env: Env, name: string, fallback: number, { min = 0, whole = true } = {}): number {
  const raw = env[name];
  if (raw === undefined || raw === '') return fallback;
  const value = Number(raw);
  if (!(value >= min) || (whole && !Number.isInteger(value))) {
    throw new SettingsError(`${name}="${raw}" must be a ${whole ? 'whole ' : ''}number of at least ${min}`);
  }
  return value;
}

function duration(env: Env, name: string, fallback: number): number {
  const raw = env[name];
  if (raw === undefined || raw === '') return fallback;
  const value = parseDuration(raw);
  if (!(value > 0)) throw new SettingsError(`${name}="${raw}" must be a duration such as 90s, 5m or 1h30m`);
  return value;
}

function oneOf<T extends string>(env: Env, name: string, values: readonly T[], fallback: T): T {
  const raw = env[name];
  if (raw === undefined || raw === '') return fallback;
  const found = values.find((value) => value === raw);
  if (found === undefined) throw new SettingsError(`${name}="${raw}" must be one of ${values.join(', ')}`);
  return found;
}

export function parseUrls(raw: string | undefined): string[] {
  const urls = (raw ?? '')
    .split(',')
    .map((url) => url.trim().replace(/\/+$/, ''))
    .filter((url) => url !== '');
  const wrong = urls.find((url) => !/^https?:\/\/[^/\s]+/.test(url));
  if (wrong !== undefined) throw new SettingsError(`URL="${wrong}" must start with http:// or https://`);
  return urls;
}

/** Pure; the message of a failure names the variable. */
export function parseSettings(env: Env, defaults: Defaults = {}): Settings {
  const from = { ...base, ...defaults };
  const urls = env.URL ? parseUrls(env.URL) : from.urls;
  if (urls.length === 0) throw new SettingsError('URL is not set; give the address of the installation, such as URL=http://localhost:8080');
  const settings: Settings = {
    urls,
    restUrls: env.REST_URL ? parseUrls(env.REST_URL) : urls,
    adminUrls: parseUrls(env.ADMIN_URL),
    vus: number(env, 'VUS', from.vus, { min: 1 }),
    socketsPerVu: number(env, 'SOCKETS', from.socketsPerVu, { min: 2 }),
    groupSize: number(env, 'GROUP_SIZE', from.groupSize, { min: 2 }),
    ratePerSecond: number(env, 'RATE', from.ratePerSecond, { min: 0.1, whole: false }),
    durationMs: duration(env, 'DURATION', from.durationMs),
    connectPerSecond: number(env, 'CONNECT_RATE', from.connectPerSecond, { whole: false }),
    sampleEvery: number(env, 'SAMPLE_EVERY', from.sampleEvery, { min: 1 }),
    bodyChars: number(env, 'BODY_CHARS', from.bodyChars, { min: 1 }),
    ackTimeoutMs: duration(env, 'ACK_TIMEOUT', from.ackTimeoutMs),
    lossAfterMs: duration(env, 'LOSS_AFTER', from.lossAfterMs),
    p99Ms: number(env, 'P99_MS', from.p99Ms, { min: 1 }),
    accounts: oneOf(env, 'ACCOUNTS', ['guest', 'register'], from.accounts),
    credential: oneOf(env, 'CREDENTIAL', ['token', 'ticket'], from.credential),
  };
  return { ...settings, groupSize: Math.min(settings.groupSize, settings.socketsPerVu) };
}

/** Sending starts when every client had time to connect. */
export function warmUpMs({ vus, socketsPerVu, connectPerSecond }: Settings): number {
  const connecting = connectPerSecond > 0 ? (vus * socketsPerVu * 1_000) / connectPerSecond : 0;
  return Math.round(connecting + 1_000);
}

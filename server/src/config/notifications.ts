import { ConfigError, type Env, integer } from './env.ts';

export interface NotificationsConfig {
  /** Somebody who is online gets this long to read a message before their devices make a sound. */
  onlineDelaySeconds: number;
  /** A mail for missed mentions after this; 0: none. */
  mailMinutes: number;
  /** undefined: made once and kept in Postgres. */
  vapid: { publicKey: string; privateKey: string } | undefined;
  /** Where the operators of push services reach us: mailto: or https:. */
  vapidSubject: string | undefined;
}

const isKey = (key: string, bytes: number) => Buffer.from(key, 'base64url').length === bytes;

/** Both or none: a key of one pair beside one of another would make every push fail. */
function parseVapid({ VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey }: Env): NotificationsConfig['vapid'] {
  if (!publicKey && !privateKey) return undefined;
  if (!publicKey || !isKey(publicKey, 65)) throw new ConfigError('VAPID_PUBLIC_KEY must be an uncompressed P-256 key in base64url');
  if (!privateKey || !isKey(privateKey, 32))
    throw new ConfigError('VAPID_PRIVATE_KEY must be the P-256 key of VAPID_PUBLIC_KEY in base64url');
  return { publicKey, privateKey };
}

export function parseNotificationsConfig(env: Env): NotificationsConfig {
  const vapidSubject = env.VAPID_SUBJECT || undefined;
  if (vapidSubject !== undefined && !/^(mailto|https):/.test(vapidSubject)) {
    throw new ConfigError('VAPID_SUBJECT must begin with mailto: or https:');
  }
  return {
    onlineDelaySeconds: integer(env, 'NOTIFY_DELAY_SECONDS', 5, { max: 3_600 }),
    mailMinutes: integer(env, 'NOTIFY_MAIL_MINUTES', 15, { max: 10_080 }),
    vapid: parseVapid(env),
    vapidSubject,
  };
}

import type { NotificationSettings } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';

const clock = (column: string) => `to_char(make_time(n.${column} / 60, n.${column} % 60, 0), 'HH24:MI')`;
const settingsJson = `jsonb_build_object(
  'quietHours', case when n.quiet_from is not null then
    jsonb_build_object('from', ${clock('quiet_from')}, 'to', ${clock('quiet_to')}, 'timeZone', n.time_zone) end,
  'quietUntil', case when n.quiet_until > now() then iso(n.quiet_until) end,
  'mail', coalesce(n.mail, true), 'previews', coalesce(n.previews, true))`;

export async function loadNotificationSettings(db: Db, userId: string): Promise<NotificationSettings> {
  const { rows } = await db.query<{ settings: NotificationSettings }>(
    `select ${settingsJson} as settings from (values (1)) one (x) left join notification_settings n on n.user_id = $1`,
    [userId],
  );
  return rows[0]!.settings;
}

export interface SettingsPatch {
  /** null: none; undefined: as they are. */
  quietHours?: { from: number; to: number; timeZone: string } | null;
  quietUntil?: string | null;
  mail?: boolean;
  previews?: boolean;
}

export async function patchNotificationSettings(db: Db, userId: string, patch: SettingsPatch): Promise<NotificationSettings> {
  const { quietHours, quietUntil } = patch;
  const { rows } = await db.query<{ settings: NotificationSettings }>(
    `insert into notification_settings as n (user_id, quiet_from, quiet_to, time_zone, quiet_until, mail, previews)
     values ($1, $3, $4, $5, $7::timestamptz, coalesce($8::boolean, true), coalesce($9::boolean, true))
     on conflict (user_id) do update set
       quiet_from = case when $2 then $3 else n.quiet_from end, quiet_to = case when $2 then $4 else n.quiet_to end,
       time_zone = case when $2 then $5 else n.time_zone end, quiet_until = case when $6 then $7::timestamptz else n.quiet_until end,
       mail = coalesce($8, n.mail), previews = coalesce($9, n.previews)
     returning ${settingsJson} as settings`,
    [
      userId,
      quietHours !== undefined,
      quietHours?.from ?? null,
      quietHours?.to ?? null,
      quietHours?.timeZone ?? null,
      quietUntil !== undefined,
      quietUntil ?? null,
      patch.mail ?? null,
      patch.previews ?? null,
    ],
  );
  return rows[0]!.settings;
}

import { z } from 'zod';
import { text } from './socket-schemas.ts';

const endpoint = z.url({ protocol: /^https?$/ }).max(2_048);
const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM');

/** Web Push, and when a person wants to be left alone. */
export const notificationSchemas = {
  /** The browser's subscription object, as `JSON.stringify` gives it. */
  pushSubscription: z.object({ endpoint, keys: z.object({ p256dh: text.max(200), auth: text.max(100) }) }),
  dropPushSubscription: z.object({ endpoint }),
  patchNotifications: z.object({
    quietHours: z
      .object({ from: clock, to: clock, timeZone: text.max(64) })
      .nullable()
      .optional(),
    quietUntil: z.iso.datetime().nullable().optional(),
    mail: z.boolean().optional(),
    previews: z.boolean().optional(),
  }),
};

import type { Hub } from '../fanout/types.ts';
import type { Presence } from './presence.ts';

/** One of the two has blocked the other: on this pod neither sees the other's presence from now on. */
export function keepApart(presence: Pick<Presence, 'hide'>, hub: Pick<Hub, 'socketsOf'>, [one, other]: [string, string]): void {
  const socketIds = (userId: string) => [...hub.socketsOf(userId)].map((socket) => socket.id);
  presence.hide(socketIds(one), other);
  presence.hide(socketIds(other), one);
}

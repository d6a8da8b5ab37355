import type { ChatClient } from '@chatcluster/client/types';
import type { CloseNotifications } from '../sw/messages.ts';

/** `blocked`: the browser was told to refuse; only its own settings can change that. */
export type PushState = 'unsupported' | 'blocked' | 'off' | 'on';

/** What of the browser is used; absent over plain HTTP and in old browsers. */
export interface PushPlatform {
  permission(): NotificationPermission;
  ask(): Promise<NotificationPermission>;
  /** The service worker, when it is ready. */
  registration(): Promise<ServiceWorkerRegistration>;
}

export function browserPush(): PushPlatform | undefined {
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis) || !('Notification' in globalThis)) return undefined;
  return {
    permission: () => Notification.permission,
    ask: () => Notification.requestPermission(),
    registration: () => navigator.serviceWorker.ready,
  };
}

function toBytes(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Web Push on this device. Permission is asked for in `enable` only, which a click calls. */
export function createPush(client: ChatClient, platform: PushPlatform | undefined = browserPush()) {
  async function tell(subscription: PushSubscription): Promise<void> {
    const { endpoint = '', keys = {} } = subscription.toJSON();
    await client.rest.subscribePush({ endpoint, keys: { p256dh: keys['p256dh'] ?? '', auth: keys['auth'] ?? '' } });
  }

  async function current(): Promise<PushSubscription | null> {
    if (platform?.permission() !== 'granted') return null;
    return (await platform.registration()).pushManager.getSubscription();
  }

  return {
    async state(): Promise<PushState> {
      if (!platform) return 'unsupported';
      if (platform.permission() === 'denied') return 'blocked';
      return (await current()) ? 'on' : 'off';
    },
    async enable(): Promise<PushState> {
      if (!platform) return 'unsupported';
      const answer = await platform.ask();
      if (answer !== 'granted') return answer === 'denied' ? 'blocked' : 'off';
      const { key } = await client.rest.pushKey();
      const { pushManager } = await platform.registration();
      await tell(await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: toBytes(key) }));
      return 'on';
    },
    async disable(): Promise<PushState> {
      const subscription = await current();
      if (subscription) {
        await client.rest.unsubscribePush(subscription.endpoint);
        await subscription.unsubscribe();
      }
      return 'off';
    },
    /** After signing in: the subscription of this browser now belongs to this session. */
    async renew(): Promise<void> {
      const subscription = await current();
      if (subscription) await tell(subscription);
    },
    /** What was read, here or elsewhere, needs no notification any more. */
    async close(conversationId: string): Promise<void> {
      if (platform?.permission() !== 'granted') return;
      const { active } = await platform.registration();
      active?.postMessage({ type: 'close-notifications', conversationId } satisfies CloseNotifications, { transfer: [] });
    },
  };
}

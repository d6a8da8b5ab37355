import type { ChatClient } from '@chatcluster/client/types';
import { expect, test, vi } from 'vitest';
import { createPush, type PushPlatform } from './push.ts';

function setUp(answer: NotificationPermission, permission: NotificationPermission = 'default') {
  const json = { endpoint: 'https://push.example/1', keys: { p256dh: 'p', auth: 'a' } };
  let subscription: { endpoint: string; toJSON(): typeof json; unsubscribe(): Promise<boolean> } | null = null;
  const made = { endpoint: json.endpoint, toJSON: () => json, unsubscribe: () => ((subscription = null), Promise.resolve(true)) };
  const postMessage = vi.fn<(message: unknown) => void>();
  const subscribe = vi.fn<(options: { applicationServerKey: Uint8Array }) => unknown>(() => (subscription = made));
  const registration = {
    pushManager: { getSubscription: async () => subscription, subscribe },
    active: { postMessage },
  };
  const platform = {
    permission: () => permission,
    ask: vi.fn<() => Promise<NotificationPermission>>(async () => (permission = answer)),
    registration: async () => registration as unknown as ServiceWorkerRegistration,
  } satisfies PushPlatform;
  const rest = {
    pushKey: async () => ({ key: 'BP-_' }),
    subscribePush: vi.fn<(body: unknown) => Promise<void>>(async () => undefined),
    unsubscribePush: vi.fn<(endpoint: string) => Promise<void>>(async () => undefined),
  };
  return { push: createPush({ rest } as unknown as ChatClient, platform), platform, rest, subscribe, postMessage, json };
}

test('asks for permission only when it is switched on, and tells the server', async () => {
  const { push, platform, rest, subscribe, json } = setUp('granted');
  expect(await push.state()).toBe('off');
  await push.renew();
  expect(platform.ask).not.toHaveBeenCalled();
  expect(await push.enable()).toBe('on');
  expect([...subscribe.mock.calls[0]![0].applicationServerKey]).toEqual([4, 255, 191]);
  expect(rest.subscribePush).toHaveBeenCalledWith(json);
  expect(await push.state()).toBe('on');
  await push.renew();
  expect(rest.subscribePush).toHaveBeenCalledTimes(2);
  expect(await push.disable()).toBe('off');
  expect(rest.unsubscribePush).toHaveBeenCalledWith(json.endpoint);
  expect(await push.state()).toBe('off');
});

test('says when the browser refuses or cannot', async () => {
  expect(await setUp('denied').push.enable()).toBe('blocked');
  expect(await setUp('granted', 'denied').push.state()).toBe('blocked');
  expect(await createPush({} as ChatClient, undefined).state()).toBe('unsupported');
});

test('has what was read closed, where there may be something to close', async () => {
  const unasked = setUp('granted');
  await unasked.push.close('c');
  expect(unasked.postMessage).not.toHaveBeenCalled();
  const { push, postMessage } = setUp('granted', 'granted');
  await push.close('c');
  expect(postMessage.mock.calls[0]![0]).toEqual({ type: 'close-notifications', conversationId: 'c' });
});

import type { CloseNotifications } from './messages.ts';

/** What the server sends (`server/src/push/send-push.ts`). */
export interface PushMessage {
  type: 'message';
  conversationId: string;
  seq: number;
  kind: 'direct' | 'group' | 'channel';
  unread: number;
  mentioned: boolean;
  title?: string;
  actorName: string;
  /** Absent where the person does not want it on the screen. */
  body?: string;
}

const texts = {
  en: { message: 'New message', many: (count: string) => `${count} new messages`, mention: 'mentioned you' },
  de: { message: 'Neue Nachricht', many: (count: string) => `${count} neue Nachrichten`, mention: 'hat Sie erwähnt' },
};

/** The title and the text of a notification. The app's own language is not known in here: the device's is taken. */
export function describePush(push: PushMessage, language: string): { title: string; body: string } {
  const t = language.startsWith('de') ? texts.de : texts.en;
  const said = push.body?.trim() ? push.body : t.message;
  const line = push.kind === 'direct' ? said : `${push.actorName}${push.mentioned ? ` ${t.mention}` : ''}: ${said}`;
  const count = push.unread > 99 ? '99+' : String(push.unread);
  return {
    title: push.kind === 'direct' ? push.actorName : (push.title ?? push.actorName),
    body: push.unread > 1 ? `${line}\n${t.many(count)}` : line,
  };
}

/** Undefined for what another release may send. */
export function parsePush(text: string | undefined): PushMessage | undefined {
  try {
    const push = JSON.parse(text ?? '') as Partial<PushMessage>;
    const isKnown = push.type === 'message' && typeof push.conversationId === 'string' && typeof push.actorName === 'string';
    return isKnown ? (push as PushMessage) : undefined;
  } catch {
    return undefined;
  }
}

/** Shows pushes, one per conversation, opens the conversation on a click, and closes what was read. */
export function servePushes(worker: ServiceWorkerGlobalScope): void {
  worker.addEventListener('push', (event) => {
    const push = parsePush(event.data?.text());
    if (push) event.waitUntil(show(worker, push));
  });
  worker.addEventListener('notificationclick', (event) => {
    event.notification.close();
    const { conversationId } = event.notification.data as { conversationId: string };
    event.waitUntil(open(worker, conversationId));
  });
  worker.addEventListener('message', (event) => {
    const { type, conversationId } = event.data as Partial<CloseNotifications>;
    if (type === 'close-notifications' && conversationId) event.waitUntil(inTurn(() => close(worker, conversationId)));
  });
}

let lastTurn: Promise<unknown> = Promise.resolve();

/** To ask for the notifications while one is being shown makes Chromium forget that one: it could not be closed any more. */
function inTurn(work: () => Promise<void>): Promise<void> {
  const turn = lastTurn.then(work);
  lastTurn = turn.catch(() => undefined);
  return turn;
}

async function close({ registration }: ServiceWorkerGlobalScope, conversationId: string): Promise<void> {
  for (const notification of await registration.getNotifications({ tag: conversationId })) notification.close();
}

const addressOf = (conversationId: string) => `/#/c/${conversationId}`;

function tabs(worker: ServiceWorkerGlobalScope): Promise<readonly WindowClient[]> {
  return worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
}

/** A tab that says nothing for this long, because it is of a release that does not know the question, shows something else. */
const ANSWER_MS = 1_000;

/** Asked of the tab itself: its address, as a worker sees it, stays that with which the page was loaded. */
function isShown(tab: WindowClient, conversationId: string): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), ANSWER_MS);
    port1.addEventListener('message', ({ data }) => resolve(data === true));
    port1.start();
    tab.postMessage({ type: 'is-shown', conversationId }, [port2]);
  }).finally(() => port1.close());
}

async function show(worker: ServiceWorkerGlobalScope, push: PushMessage): Promise<void> {
  const { conversationId } = push;
  const looked = (await tabs(worker)).filter(({ focused, visibilityState }) => focused && visibilityState === 'visible');
  const answers = await Promise.all(looked.map((tab) => isShown(tab, conversationId)));
  if (answers.includes(true)) return;
  const { title, body } = describePush(push, worker.navigator.language);
  // One per conversation: the newer takes the place of the older.
  const options: NotificationOptions & { renotify: boolean } = {
    body,
    tag: conversationId,
    renotify: true,
    icon: '/icon-192.png',
    badge: '/icon-192.png',
    data: { conversationId },
  };
  await inTurn(() => worker.registration.showNotification(title, options));
}

async function open(worker: ServiceWorkerGlobalScope, conversationId: string): Promise<void> {
  const [tab] = await tabs(worker);
  if (!tab) return void (await worker.clients.openWindow(addressOf(conversationId)));
  tab.postMessage({ type: 'open-conversation', conversationId }, { transfer: [] });
  await tab.focus();
}

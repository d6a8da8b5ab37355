import type { ChatClient } from '@chatcluster/client/types';
import type { CreatedWebhook, WebhookEvent, Invite, InvitePreview, Webhook, WebhookDelivery } from '@chatcluster/protocol';

const KEY = 'invite';

/** The link that this page was opened by survives the way over the sign-in of somebody else. */
export function rememberInvite(path: string, storage: Storage): string | undefined {
  const [, code] = /^\/invite\/([\w-]{1,100})$/.exec(path) ?? [];
  if (code) storage.setItem(KEY, code);
  return code ?? storage.getItem(KEY) ?? undefined;
}

/** Invite links and webhooks of a conversation. */
export function createIntegrations(client: ChatClient) {
  const { rest } = client;
  return {
    invites: async (id: string): Promise<Invite[]> => (await rest.invites(id)).items,
    makeInvite: (id: string, expiresIn: number, maxUses: number | undefined): Promise<Invite> =>
      rest.createInvite(id, { expiresIn, ...(maxUses ? { maxUses } : {}) }),
    revokeInvite: (id: string, code: string) => rest.revokeInvite(id, code),
    previewInvite: (code: string): Promise<InvitePreview> => client.previewInvite(code),
    webhooks: async (id: string): Promise<Webhook[]> => (await rest.webhooks(id)).items,
    makeIncoming: (id: string, name: string): Promise<CreatedWebhook> => rest.createWebhook(id, name ? { name } : {}),
    makeOutgoing: (id: string, url: string, events: WebhookEvent[]): Promise<CreatedWebhook> => rest.createWebhook(id, { url, events }),
    enableWebhook: (id: string, webhookId: string, enabled: boolean) => rest.enableWebhook(id, webhookId, enabled),
    removeWebhook: (id: string, webhookId: string) => rest.deleteWebhook(id, webhookId),
    deliveries: async (id: string, webhookId: string): Promise<WebhookDelivery[]> => (await rest.webhookDeliveries(id, webhookId)).items,
    retry: (id: string, webhookId: string, deliveryId: string) => rest.retryDelivery(id, webhookId, deliveryId),
  };
}

/** The invite is used, or not wanted. */
export function forgetInvite(storage: Storage): void {
  storage.removeItem(KEY);
}

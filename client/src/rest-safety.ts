import type {
  AdminConversation,
  AdminStats,
  AdminUser,
  AuditEntry,
  Report,
  ReportStatus,
  RetentionDays,
  RetentionPreview,
  RetentionSettings,
} from '@chatcluster/protocol';
import type { Call, Page, PageQuery } from './rest.ts';

export interface ReportInput {
  /** Either a message … */
  messageId?: string;
  /** … where it is, if known; this spares the server a search … */
  conversationId?: string;
  /** … or a person. */
  userId?: string;
  reason: string;
}

/** Blocks and reports; `admin` is for administrators of the installation, others get `forbidden`. */
export function safetyRoutes(call: Call) {
  return {
    blocked: () => call<{ items: { userId: string }[] }>({ method: 'GET', path: '/v1/users/me/blocks' }),
    setBlocked: (userId: string, on: boolean) =>
      call<void>({ method: on ? 'PUT' : 'DELETE', path: `/v1/users/me/blocks/${encodeURIComponent(userId)}` }),
    report: (body: ReportInput) => call<{ id: string }>({ method: 'POST', path: '/v1/reports', body }),
    admin: adminRoutes(call),
  };
}

function adminRoutes(call: Call) {
  const at = (...parts: string[]) => `/v1/admin/${parts.map(encodeURIComponent).join('/')}`;
  const list =
    <T, Q extends object = object>(name: string) =>
    (query: Q & PageQuery): Promise<Page<T>> =>
      call<Page<T>>({ method: 'GET', path: at(name), query: { ...(query as Record<string, string | number | undefined>) } });
  return {
    stats: () => call<AdminStats>({ method: 'GET', path: at('stats') }),
    users: list<AdminUser, { q?: string; suspended?: 'true' | 'false' }>('users'),
    updateUser: (id: string, body: { suspended?: boolean; admin?: boolean; reason?: string }) =>
      call<AdminUser>({ method: 'PATCH', path: at('users', id), body }),
    conversations: list<AdminConversation, { q?: string; ruled?: 'true' | 'false' }>('conversations'),
    archive: (id: string, archived: boolean) => call<void>({ method: 'PATCH', path: at('conversations', id), body: { archived } }),
    /** Days that messages are kept, 0 for ever; null: as all the others. */
    setRetention: (id: string, retentionDays: number | null) =>
      call<void>({ method: 'PATCH', path: at('conversations', id), body: { retentionDays } }),
    retention: () => call<RetentionSettings>({ method: 'GET', path: at('retention', 'settings') }),
    updateRetention: (body: { [K in keyof RetentionDays]?: number | null }) =>
      call<RetentionSettings>({ method: 'PATCH', path: at('retention', 'settings'), body }),
    previewRetention: (days: number, conversationId?: string) =>
      call<RetentionPreview>({ method: 'GET', path: at('retention'), query: { days, conversationId } }),
    removeMessage: (id: string, messageId: string) =>
      call<void>({ method: 'DELETE', path: at('conversations', id, 'messages', messageId) }),
    reports: list<Report, { status?: ReportStatus }>('reports'),
    resolveReport: (id: string, body: { status: ReportStatus; note?: string }) =>
      call<Report>({ method: 'PATCH', path: at('reports', id), body }),
    audit: list<AuditEntry, { actorId?: string; targetId?: string }>('audit'),
  };
}

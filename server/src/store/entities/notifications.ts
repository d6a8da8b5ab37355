import { EntitySchema } from 'typeorm';

export const PushSubscriptionEntity = new EntitySchema<object>({
  name: 'PushSubscription',
  tableName: 'push_subscriptions',
  columns: {
    id: { type: 'uuid', primary: true },
    userId: { type: 'uuid', name: 'user_id' },
    sessionId: { type: 'uuid', name: 'session_id' },
    endpoint: { type: 'text' },
    p256dh: { type: 'text' },
    auth: { type: 'text' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
});

export const PushKeyEntity = new EntitySchema<object>({
  name: 'PushKey',
  tableName: 'push_keys',
  columns: {
    id: { type: 'smallint', primary: true },
    publicKey: { type: 'text', name: 'public_key' },
    privateKey: { type: 'text', name: 'private_key' },
    createdAt: { type: 'timestamptz', name: 'created_at' },
  },
});

export const NotificationSettingsEntity = new EntitySchema<object>({
  name: 'NotificationSettings',
  tableName: 'notification_settings',
  columns: {
    userId: { type: 'uuid', primary: true, name: 'user_id' },
    quietFrom: { type: 'smallint', name: 'quiet_from', nullable: true },
    quietTo: { type: 'smallint', name: 'quiet_to', nullable: true },
    timeZone: { type: 'text', name: 'time_zone', nullable: true },
    quietUntil: { type: 'timestamptz', precision: 3, name: 'quiet_until', nullable: true },
    mail: { type: 'boolean' },
    previews: { type: 'boolean' },
    unsubscribeToken: { type: 'uuid', name: 'unsubscribe_token' },
  },
});

export const NoticeEntity = new EntitySchema<object>({
  name: 'Notice',
  tableName: 'notices',
  columns: {
    userId: { type: 'uuid', primary: true, name: 'user_id' },
    conversationId: { type: 'uuid', primary: true, name: 'conversation_id' },
    channel: { type: 'text', primary: true },
    firstSeq: { type: 'bigint', name: 'first_seq' },
    lastSeq: { type: 'bigint', name: 'last_seq' },
    mentioned: { type: 'boolean' },
    dueAt: { type: 'timestamptz', name: 'due_at' },
    lease: { type: 'uuid', nullable: true },
  },
});

export const NotifyCursorEntity = new EntitySchema<object>({
  name: 'NotifyCursor',
  tableName: 'notify_cursor',
  columns: {
    id: { type: 'smallint', primary: true },
    xid: { type: 'bigint' },
  },
});

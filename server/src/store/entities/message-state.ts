import type { LinkPreview } from '@chatcluster/protocol';
import { EntitySchema } from 'typeorm';

export interface MessageStateRow {
  conversationId: string;
  messageId: string;
  body: string | null;
  editedAt: Date | null;
  editSeqs: string[];
  deletedAt: Date | null;
  pinnedAt: Date | null;
  replyCount: number;
  previews: LinkPreview[] | null;
  previewSeqs: string[];
  previewsOff: boolean;
}

export const MessageStateEntity = new EntitySchema<MessageStateRow>({
  name: 'MessageState',
  tableName: 'message_state',
  columns: {
    conversationId: { type: 'uuid', name: 'conversation_id', primary: true },
    messageId: { type: 'uuid', name: 'message_id', primary: true },
    body: { type: 'text', nullable: true },
    editedAt: { type: 'timestamptz', precision: 3, name: 'edited_at', nullable: true },
    editSeqs: { type: 'bigint', name: 'edit_seqs', array: true },
    deletedAt: { type: 'timestamptz', precision: 3, name: 'deleted_at', nullable: true },
    pinnedAt: { type: 'timestamptz', precision: 3, name: 'pinned_at', nullable: true },
    replyCount: { type: 'integer', name: 'reply_count' },
    previews: { type: 'jsonb', nullable: true },
    previewSeqs: { type: 'bigint', name: 'preview_seqs', array: true },
    previewsOff: { type: 'boolean', name: 'previews_off' },
  },
});

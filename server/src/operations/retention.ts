import type { RestInput, RetentionPreview, RetentionSettings } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { effectiveRetention, type RetentionConfig } from '../config/retention.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { loadRetention, previewRetention, saveConversationRetention, saveRetention } from '../store/sql/retention.ts';
import { translateUnavailable } from './unavailable.ts';

/** How long things are kept, as administrators see and change it; the caller has checked that it is one. */
export function createRetention(db: Db, config: RetentionConfig) {
  const load = async () => effectiveRetention(config, await loadRetention(db));
  return {
    settings: (): Promise<RetentionSettings> => translateUnavailable(load),
    change: (adminId: string, patch: RestInput<'adminPatchRetention'>): Promise<RetentionSettings> =>
      translateUnavailable(async () => {
        await saveRetention(db, adminId, patch);
        return load();
      }),
    changeOf: (adminId: string, conversationId: string, days: number | null): Promise<void> =>
      translateUnavailable(async () => {
        if (!(await saveConversationRetention(db, adminId, conversationId, days))) throw new ChatError('not_found');
      }),
    preview: (days: number, conversationId: string | null): Promise<RetentionPreview> =>
      translateUnavailable(() => previewRetention(db, days, conversationId)),
  };
}
export type Retention = ReturnType<typeof createRetention>;

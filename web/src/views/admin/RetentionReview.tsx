import type { RetentionPreview } from '@chatcluster/protocol';
import { useText } from '../app/context.tsx';
import { Confirm } from '../ui/Confirm.tsx';

export type Effect = Pick<RetentionPreview, 'messages' | 'conversations' | 'auditLines'>;
type Props = { title: string; effect: Effect; onConfirm: () => Promise<unknown>; onClose: () => void };

/** What would go, before it does. */
export function RetentionReview({ title, effect, onConfirm, onClose }: Props) {
  const { t, language } = useText();
  const number = (value: number) => value.toLocaleString(language);
  const { messages, conversations, auditLines } = effect;
  const lines = [
    messages > 0 && t('retentionWouldGo', { messages: number(messages), conversations: number(conversations) }),
    auditLines > 0 && t('retentionAuditWouldGo', { lines: number(auditLines) }),
  ].filter((line) => line !== false);
  return (
    <Confirm
      title={title}
      lead={lines.join(' ') || t('retentionNothingGoes')}
      action={t('retentionApply')}
      look={lines.length > 0 ? 'danger' : 'primary'}
      onConfirm={onConfirm}
      onClose={onClose}
    />
  );
}

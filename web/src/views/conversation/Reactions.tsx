import type { MessageView } from '../../state/rows.ts';
import { useModel, useText } from '../app/context.tsx';

export function Reactions({ conversationId, message }: { conversationId: string; message: MessageView }) {
  const { t } = useText();
  const { client, notify } = useModel();
  const { id } = message;
  if (!id) return null;
  return (
    <div className="flex flex-wrap gap-1 pt-1 pb-0.5">
      {message.reactions.map(({ emoji, count, me }) => (
        <button
          key={emoji}
          type="button"
          data-testid="reaction"
          data-emoji={emoji}
          aria-pressed={me}
          aria-label={t('reactionBy', { emoji, count })}
          onClick={() => void client.react(conversationId, id, emoji, !me).catch(() => notify('actionFailed'))}
          className={`flex h-[26px] items-center gap-1.5 rounded-full px-2 text-xs font-medium tabular-nums transition-colors ${me ? 'bg-a3 text-a11 ring-1 ring-a9 ring-inset' : 'bg-n3 text-n11 ring-1 ring-n6 ring-inset hover:ring-n8'}`}
        >
          <span className="text-base">{emoji}</span>
          {count}
        </button>
      ))}
    </div>
  );
}

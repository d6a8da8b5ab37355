import { lazy, Suspense, useId, useRef } from 'react';
import type { Reaction } from '@chatcluster/protocol';
import type { MessageRef } from '../../state/model.ts';
import type { MessageView } from '../../state/rows.ts';
import { useModel, useText } from '../app/context.tsx';
import { useHint } from '../ui/hint.ts';

/** What floats is no part of the first script. */
const Reactors = lazy(async () => ({ default: (await import('./Reactors.tsx')).Reactors }));

export function Reactions({ conversationId, message }: { conversationId: string; message: MessageView }) {
  const { id } = message;
  if (!id) return null;
  return (
    <div className="flex flex-wrap gap-1 pt-1 pb-0.5">
      {message.reactions.map((reaction) => (
        <Chip key={reaction.emoji} of={{ conversationId, messageId: id }} reaction={reaction} />
      ))}
    </div>
  );
}

function Chip({ of, reaction }: { of: MessageRef; reaction: Reaction }) {
  const { t } = useText();
  const { client, notify } = useModel();
  const hintId = useId();
  const chip = useRef<HTMLButtonElement>(null);
  const { isOpen, control, takesClick, keep, leave } = useHint();
  const { emoji, count, me } = reaction;
  const react = () => void client.react(of.conversationId, of.messageId, emoji, !me).catch(() => notify('actionFailed'));
  return (
    <>
      <button
        ref={chip}
        type="button"
        data-testid="reaction"
        data-emoji={emoji}
        aria-pressed={me}
        aria-label={t('reactionBy', { emoji, count })}
        aria-describedby={isOpen ? hintId : undefined}
        {...control}
        onClick={() => takesClick() || react()}
        className={`flex h-[26px] items-center gap-1.5 rounded-full px-2 text-xs font-medium tabular-nums transition-colors select-none [-webkit-touch-callout:none] ${me ? 'bg-a3 text-a11 ring-1 ring-a9 ring-inset' : 'bg-n3 text-n11 ring-1 ring-n6 ring-inset hover:ring-n8'}`}
      >
        <span className="text-base">{emoji}</span>
        {count}
      </button>
      {isOpen && (
        <Suspense>
          <Reactors id={hintId} of={of} reaction={reaction} anchor={chip} onEnter={keep} onLeave={leave} />
        </Suspense>
      )}
    </>
  );
}

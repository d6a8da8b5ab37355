import { Tooltip } from '@base-ui/react/tooltip';
import { type RefObject, useEffect, useState } from 'react';
import type { Reaction } from '@chatcluster/protocol';
import type { MessageRef } from '../../state/model.ts';
import type { Reactors as Known } from '../../state/people.ts';
import { useChat, useModel, useText } from '../app/context.tsx';
import { namesText } from './names.ts';

type Props = {
  id: string;
  of: MessageRef;
  reaction: Reaction;
  anchor: RefObject<HTMLElement | null>;
  onEnter: () => void;
  onLeave: () => void;
};

/** Who reacted, beside the chip. */
export function Reactors({ id, of, reaction, anchor, onEnter, onLeave }: Props) {
  const text = useReactorsText(of, reaction);
  return (
    <Tooltip.Root open>
      {/* Inside of the landmark: outside it would be content that belongs nowhere. */}
      <Tooltip.Portal container={document.querySelector('main')}>
        <Tooltip.Positioner anchor={anchor} positionMethod="fixed" side="top" sideOffset={6} collisionPadding={8} className="z-50">
          <Tooltip.Popup
            id={id}
            role="tooltip"
            data-testid="reactors"
            onPointerEnter={onEnter}
            onPointerLeave={onLeave}
            className="pop max-w-64 rounded-md bg-n12 px-2.5 py-1.5 text-xs font-medium text-n1 shadow-float wrap-anywhere"
          >
            {text}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  );
}

/** Without the names when they cannot be asked for, as without a network. */
function useReactorsText({ conversationId, messageId }: MessageRef, { emoji, count }: Reaction): string {
  const { t } = useText();
  const { people } = useModel();
  const [known, setKnown] = useState<Known>();
  // Asked again when somebody came or went.
  useEffect(() => {
    let isCurrent = true;
    people.reactors({ conversationId, messageId }, emoji, count).then(
      (found) => isCurrent && setKnown(found),
      () => isCurrent && setKnown(undefined),
    );
    return () => {
      isCurrent = false;
    };
  }, [people, conversationId, messageId, emoji, count]);
  return useChat((client) => {
    if (!known || known.userIds.length === 0) return t('reactionBy', { emoji, count });
    const nameOf = (userId: string) => client.user(userId)?.displayName ?? t('someone');
    const total = known.isAll ? known.userIds.length : Math.max(count, known.userIds.length + 1);
    return t(total === 1 ? 'reacted' : 'reactedMany', { names: namesText(t, nameOf, known.userIds, total), emoji });
  });
}

import { dayLabel } from '../../state/format.ts';
import { type Translate, useChat, useText, useTitle } from '../app/context.tsx';
import { ConversationAvatar } from '../ui/Avatar.tsx';

export function dayText(t: Translate, label: string): string {
  return label === 'today' || label === 'yesterday' ? t(label) : label;
}

export function DayRow({ at }: { at: string }) {
  const { t, language } = useText();
  return (
    <div role="separator" className="flex items-center gap-3 px-4 pt-4 pb-1 text-xs font-medium text-n10 sm:px-5">
      <span className="h-px flex-1 bg-n6" />
      {dayText(t, dayLabel(at, language))}
      <span className="h-px flex-1 bg-n6" />
    </div>
  );
}

export function NewRow() {
  const { t } = useText();
  return (
    <div role="separator" data-testid="new-divider" className="flex items-center gap-3 px-4 pt-2 text-xs font-semibold text-danger sm:px-5">
      <span className="h-px flex-1 bg-danger opacity-40" />
      {t('newMessages')}
    </div>
  );
}

export function ConversationStart({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const name = useTitle(conversationId);
  const kind = useChat((client) => client.conversation(conversationId).conversation?.kind);
  const topic = useChat((client) => client.conversation(conversationId).conversation?.topic);
  return (
    <div className="px-4 pt-10 pb-2 sm:px-5">
      <ConversationAvatar conversationId={conversationId} size="xl" />
      <p className="mt-4 text-xl font-semibold tracking-tight">{name}</p>
      <p className="mt-1 max-w-[60ch] text-base text-n10">
        {t(kind === 'direct' ? 'conversationStart' : 'conversationStartGroup', { name })} {topic}
      </p>
    </div>
  );
}

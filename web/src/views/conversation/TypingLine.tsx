import { useChat, useText, useUserName } from '../app/context.tsx';

/** Has its place whether somebody types or not, so that nothing moves. */
export function TypingLine({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const typing = useChat((client) => client.conversation(conversationId).typing);
  const first = useUserName(typing[0]);
  const second = useUserName(typing[1]);
  const text =
    typing.length === 0
      ? ''
      : typing.length === 1
        ? t('typingOne', { name: first })
        : typing.length === 2
          ? t('typingTwo', { first, second })
          : t('typingMany');
  return (
    <div data-testid="typing" aria-live="polite" className="flex h-6 shrink-0 items-center gap-2 px-4 text-xs text-n10 sm:px-5">
      {text && (
        <>
          <span aria-hidden className="dots flex gap-[3px]">
            {[1, 2, 3].map((n) => (
              <i key={n} className="size-[5px] rounded-full bg-n9" />
            ))}
          </span>
          {text}
        </>
      )}
    </div>
  );
}

import { Users } from 'lucide-react';
import { type KeyboardEvent, type RefObject, useEffect, useId, useState } from 'react';
import { flushSync } from 'react-dom';
import { complete, findTrigger, rankNames, type Trigger } from '../../state/completion.ts';
import { type Emoji, loadEmoji, rememberEmoji, searchEmoji } from '../../state/emoji.ts';
import { useChat, useModel, useText } from '../app/context.tsx';
import { Avatar } from '../ui/Avatar.tsx';

const SHOWN = 8;
/** Stands for everybody in a mention. */
const ALL = 'all';

interface Choice {
  key: string;
  label: string;
  /** What goes into the text. */
  text: string;
  userId?: string;
  emoji?: string;
}

interface Input {
  conversationId: string;
  text: string;
  input: RefObject<HTMLTextAreaElement | null>;
  change: (text: string) => void;
}

/** The list of people or emoji over the composer, moved through by the keys of the text field. */
export function useCompletions({ conversationId, text, input, change }: Input) {
  const listId = useId();
  const [caret, setCaret] = useState<number>();
  const [dismissed, setDismissed] = useState<number>();
  const [chosen, setChosen] = useState({ key: '', index: 0 });
  const trigger = caret === undefined ? undefined : findTrigger(text, caret);
  const choices = useChoices(conversationId, trigger);
  const isOpen = trigger !== undefined && choices.length > 0 && dismissed !== trigger.from;
  // Another word begins at its first choice again.
  const key = trigger ? `${trigger.kind} ${trigger.from} ${trigger.query}` : '';
  const active = chosen.key === key ? Math.min(chosen.index, choices.length - 1) : 0;
  const setActive = (index: number) => setChosen({ key, index });
  const replace = (next: { text: string; caret: number }) => {
    // At once, so that the caret can be set in the new text.
    flushSync(() => change(next.text));
    input.current?.focus();
    input.current?.setSelectionRange(next.caret, next.caret);
    setCaret(next.caret);
  };
  const pick = (choice: Choice | undefined) => {
    if (!choice || !trigger) return;
    if (choice.emoji) rememberEmoji(localStorage, choice.emoji);
    replace(complete(text, trigger, choice.text));
  };
  /** At the caret, wherever it was last. */
  const insert = (piece: string) => {
    const at = input.current?.selectionEnd ?? text.length;
    replace({ text: text.slice(0, at) + piece + text.slice(at), caret: at + piece.length });
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (!isOpen) return false;
    const steps: Record<string, () => void> = {
      ArrowDown: () => setActive((active + 1) % choices.length),
      ArrowUp: () => setActive((active + choices.length - 1) % choices.length),
      Enter: () => pick(choices[active]),
      Tab: () => pick(choices[active]),
      Escape: () => setDismissed(trigger.from),
    };
    const step = event.shiftKey ? undefined : steps[event.key];
    if (!step) return false;
    event.preventDefault();
    event.stopPropagation();
    step();
    return true;
  };
  const inputProps = {
    value: text,
    onChange: ({ currentTarget }: { currentTarget: HTMLTextAreaElement }) => {
      setCaret(currentTarget.selectionEnd);
      change(currentTarget.value);
    },
    onSelect: ({ currentTarget }: { currentTarget: HTMLTextAreaElement }) =>
      setCaret(currentTarget.selectionStart === currentTarget.selectionEnd ? currentTarget.selectionEnd : undefined),
    onBlur: () => setCaret(undefined),
    'aria-autocomplete': 'list',
    'aria-controls': isOpen ? listId : undefined,
    'aria-activedescendant': isOpen ? `${listId}-${active}` : undefined,
  } as const;
  return { listId, kind: trigger?.kind, choices: isOpen ? choices : [], active, pick, insert, onKeyDown, inputProps };
}

function useChoices(conversationId: string, trigger: Trigger | undefined): Choice[] {
  const { t, language } = useText();
  const { client } = useModel();
  const members = useChat((chat) => chat.conversation(conversationId).members);
  const meId = useChat((chat) => chat.me()?.id);
  const role = useChat((chat) => chat.conversation(conversationId).conversation?.me.role);
  const emoji = useEmojiSet(trigger?.kind === 'emoji', language);
  if (trigger?.kind === 'emoji')
    return searchEmoji(emoji, trigger.query, SHOWN).map((one) => ({ key: one.text, label: one.name, text: one.text, emoji: one.text }));
  if (trigger?.kind !== 'mention') return [];
  const people = members.flatMap(({ userId }) => {
    const name = userId === meId ? undefined : client.user(userId)?.displayName;
    return name ? [{ key: userId, name, userId }] : [];
  });
  const found = rankNames(people, trigger.query, SHOWN).map(({ key, name, userId }) => ({ key, label: name, text: `@${name}`, userId }));
  const isForAll = (role === 'owner' || role === 'admin') && people.length > 1 && ALL.startsWith(trigger.query.toLowerCase());
  return isForAll ? [...found.slice(0, SHOWN - 1), { key: ALL, label: t('everyone'), text: `@${ALL}` }] : found;
}

const NONE: readonly Emoji[] = [];

function useEmojiSet(isNeeded: boolean, language: 'en' | 'de'): readonly Emoji[] {
  const [all, setAll] = useState<readonly Emoji[]>(NONE);
  useEffect(() => {
    if (!isNeeded) return;
    let isCurrent = true;
    // Without a network and never loaded before: there is nothing to choose from.
    loadEmoji(language).then(
      (set) => isCurrent && setAll(set),
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [isNeeded, language]);
  return all;
}

export function Completions({ listId, kind, choices, active, pick }: ReturnType<typeof useCompletions>) {
  const { t } = useText();
  if (choices.length === 0) return null;
  return (
    <div
      id={listId}
      role="listbox"
      data-testid="completions"
      aria-label={t(kind === 'emoji' ? 'suggestionsEmoji' : 'suggestionsPeople')}
      className="absolute inset-x-3 bottom-full z-20 mb-1 max-h-72 overflow-y-auto rounded-md bg-n1 p-1 shadow-float sm:inset-x-5 sm:max-w-96"
    >
      {choices.map((choice, index) => (
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the keys are those of the text field
        <div
          key={choice.key}
          id={`${listId}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          // Focus stays in the text.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => pick(choice)}
          className={`flex min-h-11 cursor-pointer items-center gap-2.5 rounded-sm px-2 text-base sm:min-h-9 ${index === active ? 'bg-a3 text-a11' : 'text-n12'}`}
        >
          {choice.userId && <Avatar userId={choice.userId} size="sm" />}
          {choice.emoji && <span className="w-6 text-center text-xl">{choice.emoji}</span>}
          {!choice.userId && !choice.emoji && <Users className="size-4 w-6" aria-hidden />}
          <span className="truncate">{choice.label}</span>
          {choice.key === ALL && <span className="text-sm text-n10">@{ALL}</span>}
        </div>
      ))}
    </div>
  );
}

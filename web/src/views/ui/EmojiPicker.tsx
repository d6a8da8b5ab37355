import { Popover } from '@base-ui/react/popover';
import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from 'react';
import { type Emoji, loadEmoji, recentEmoji, rememberEmoji, searchEmoji } from '../../state/emoji.ts';
import type { StringKey } from '../../strings.ts';
import { useText } from '../app/context.tsx';
import { SearchField } from './Field.tsx';

const COLUMNS = 8;
const FOUND_MAX = 96;
const groups = { recent: '🕘', 0: '😀', 1: '👋', 3: '🐻', 4: '🍕', 5: '✈️', 6: '⚽', 7: '💡', 8: '❤️', 9: '🏳️' } as const;
type Group = keyof typeof groups;
const order = ['recent', 0, 1, 3, 4, 5, 6, 7, 8, 9] as const satisfies Group[];
const labelOf = (group: Group): StringKey => (group === 'recent' ? 'emojiRecent' : `emojiGroup${group}`);

type Props = { trigger: ReactElement; onPick: (emoji: string) => void; onOpenChange?: (isOpen: boolean) => void };

export function EmojiPicker({ trigger, onPick, onOpenChange }: Props) {
  const { t } = useText();
  const [isOpen, setOpen] = useState(false);
  const change = (open: boolean) => {
    setOpen(open);
    onOpenChange?.(open);
  };
  const pick = (emoji: string) => {
    rememberEmoji(localStorage, emoji);
    change(false);
    onPick(emoji);
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={change}>
      <Popover.Trigger render={trigger} />
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" collisionPadding={8} className="z-50">
          <Popover.Popup
            aria-label={t('emoji')}
            data-testid="emoji-picker"
            className="pop flex h-[352px] w-[304px] flex-col rounded-md bg-n1 shadow-float outline-none"
          >
            <Chooser onPick={pick} />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Chooser({ onPick }: { onPick: (emoji: string) => void }) {
  const { t, language } = useText();
  const [all, setAll] = useState<readonly Emoji[]>();
  const [query, setQuery] = useState('');
  const [group, setGroup] = useState<Group>('recent');
  useEffect(() => {
    // Never loaded and no network: what was used last is offered all the same.
    loadEmoji(language).then(setAll, () => setAll([]));
  }, [language]);
  const shown = chooseShown(all, query.trim(), group);
  return (
    <>
      <div className="p-2 pb-1">
        <SearchField label={t('searchEmoji')} data-testid="emoji-search" value={query} onChange={(event) => setQuery(event.target.value)} />
      </div>
      <div className="flex px-1.5" role="group" aria-label={t('emoji')}>
        {order.map((one) => (
          <button
            key={one}
            type="button"
            aria-label={t(labelOf(one))}
            title={t(labelOf(one))}
            aria-pressed={one === group && query === ''}
            onClick={() => {
              setQuery('');
              setGroup(one);
            }}
            className={`flex h-8 flex-1 items-center justify-center rounded-sm text-base ${one === group && query === '' ? 'bg-n4' : 'opacity-60 hover:bg-n3 hover:opacity-100'}`}
          >
            {groups[one]}
          </button>
        ))}
      </div>
      <Grid key={`${group} ${query}`} shown={shown} onPick={onPick} />
    </>
  );
}

function chooseShown(all: readonly Emoji[] | undefined, query: string, group: Group): readonly Pick<Emoji, 'text' | 'name'>[] {
  if (query !== '') return searchEmoji(all ?? [], query, FOUND_MAX);
  if (group !== 'recent') return (all ?? []).filter((one) => one.group === group);
  const names = new Map((all ?? []).map(({ text, name }) => [text, name]));
  return recentEmoji(localStorage).map((text) => ({ text, name: names.get(text) ?? text }));
}

const moves: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS };

/** One tab stop; the arrows move inside. */
function Grid({ shown, onPick }: { shown: readonly Pick<Emoji, 'text' | 'name'>[]; onPick: (emoji: string) => void }) {
  const { t } = useText();
  const [current, setCurrent] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    const step = moves[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(shown.length - 1, Math.max(0, current + step));
    setCurrent(next);
    box.current?.querySelectorAll<HTMLElement>('button')[next]?.focus();
  };
  if (shown.length === 0) return <p className="flex-1 py-10 text-center text-base text-n10">{t('noEmoji')}</p>;
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- the keys move between the buttons inside
    <div ref={box} onKeyDown={onKeyDown} className="grid min-h-0 flex-1 auto-rows-min grid-cols-8 overflow-y-auto p-2">
      {shown.map(({ text, name }, index) => (
        <button
          key={text}
          type="button"
          tabIndex={index === current ? 0 : -1}
          aria-label={name}
          title={name}
          data-testid="emoji-choice"
          onFocus={() => setCurrent(index)}
          onClick={() => onPick(text)}
          className="flex aspect-square items-center justify-center rounded-sm text-xl hover:bg-n3"
        >
          {text}
        </button>
      ))}
    </div>
  );
}

import type { SearchHit, SearchPage } from '@chatcluster/protocol';
import { Search as SearchIcon } from 'lucide-react';
import { useEffect, useState } from 'react';
import { errorText } from '../../state/account.ts';
import { shortTime } from '../../state/format.ts';
import { canSearch, cutPieces, type SearchInput } from '../../state/searching.ts';
import type { StringKey } from '../../strings.ts';
import { useModel, useText, useUserName, useView } from '../app/context.tsx';
import { useIsBlocked } from '../safety/use-blocked.ts';
import { Avatar } from '../ui/Avatar.tsx';
import { Button } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { SearchField } from '../ui/Field.tsx';
import { Modal } from '../ui/Modal.tsx';
import { Filters } from './Filters.tsx';

interface Found {
  page?: SearchPage;
  error?: StringKey;
}

/** Asks a moment after the last change; an answer to an earlier question is dropped. */
function useResults(input: SearchInput): Found & { more(): void } {
  const { searching } = useModel();
  const [found, setFound] = useState<Found>({});
  const key = JSON.stringify(input);
  useEffect(() => {
    const asked = JSON.parse(key) as SearchInput;
    if (!canSearch(asked)) return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      searching.find(asked).then(
        (page) => isCurrent && setFound({ page }),
        (cause: unknown) => isCurrent && setFound({ error: errorText(cause) }),
      );
    }, 200);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [searching, key]);
  const more = () => {
    const { page } = found;
    if (!page?.nextCursor) return;
    searching.find(input, page.nextCursor).then(
      (next) => setFound((now) => (now.page === page ? { page: { ...next, items: [...page.items, ...next.items] } } : now)),
      (cause: unknown) => setFound((now) => (now.page === page ? { page, error: errorText(cause) } : now)),
    );
  };
  return { ...(canSearch(input) ? found : {}), more };
}

export function Search({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const [input, setInput] = useState<SearchInput>({ q: '', hasFile: false });
  const { page, error, more } = useResults(input);
  const change = (part: Partial<SearchInput>) => setInput((now) => ({ ...now, ...part }));
  return (
    <Modal title={t('searchMessages')} onClose={onClose}>
      <div className="flex min-h-0 flex-1 flex-col px-5 pb-4">
        <SearchField
          label={t('searchMessages')}
          title={t('searchMessagesHint')}
          data-testid="message-search"
          value={input.q}
          onChange={(event) => change({ q: event.target.value })}
        />
        <Filters input={input} onChange={change} />
        {page?.similar && <p className="mt-2 text-sm text-n11">{t('searchSimilar')}</p>}
        <ul aria-live="polite" data-testid="search-results" className="mt-2 -mx-2 flex h-96 flex-col overflow-y-auto">
          {page?.items.map((hit) => (
            <Result key={hit.message.id} hit={hit} />
          ))}
          {(!page || page.items.length === 0) && !error && (
            <li className="flex flex-1">
              <Empty icon={SearchIcon} title={t(page ? 'searchNoResults' : 'searchNothing')} lead={t('searchMessagesHint')} />
            </li>
          )}
          {error && (
            <li role="alert" className="py-10 text-center text-sm text-danger">
              {t(error)}
            </li>
          )}
          {page?.nextCursor && (
            <li className="flex justify-center py-3">
              <Button look="secondary" onClick={more}>
                {t('searchMore')}
              </Button>
            </li>
          )}
        </ul>
      </div>
    </Modal>
  );
}

function Result({ hit }: { hit: SearchHit }) {
  const { t, language } = useText();
  const { goTo, set } = useModel();
  const { message, conversationTitle, snippet } = hit;
  const name = useUserName(message.actorId);
  const selectedId = useView((view) => view.selectedId);
  const isBlocked = useIsBlocked(message.actorId);
  return (
    <li>
      <button
        type="button"
        data-testid="search-result"
        aria-current={message.conversationId === selectedId || undefined}
        className="flex w-full items-start gap-3 rounded-md px-2 py-2 text-left hover:bg-n3"
        onClick={() => {
          set({ dialog: undefined });
          goTo(message.conversationId, message.seq);
        }}
      >
        <Avatar userId={message.actorId} size="md" />
        <span className="min-w-0 flex-1">
          <span className="flex items-baseline gap-2 text-sm">
            <span className="truncate font-semibold text-n12">{name}</span>
            <span className="min-w-0 flex-1 truncate text-n11">{conversationTitle || t('untitledGroup')}</span>
            <time dateTime={message.at} className="shrink-0 text-xs text-n11">
              {shortTime(message.at, language)}
            </time>
          </span>
          <span className="line-clamp-3 text-base break-words text-n11">
            {isBlocked ? <em>{t('blockedMessage')}</em> : <Snippet snippet={snippet} />}
          </span>
        </span>
      </button>
    </li>
  );
}

function Snippet({ snippet }: Pick<SearchHit, 'snippet'>) {
  return cutPieces(snippet).map((piece, index) =>
    piece.isHit ? (
      // The pieces of one snippet never change their places.
      <mark key={index} className="rounded-sm bg-a5 px-0.5 font-medium text-n12">
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  );
}

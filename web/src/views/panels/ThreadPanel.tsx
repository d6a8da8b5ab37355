import { ArrowUp, MessageSquareText, TriangleAlert } from 'lucide-react';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef } from 'react';
import { threadPlace } from '../../state/compose.ts';
import { viewsOf } from '../../state/rows.ts';
import { canSend } from '../../state/uploads.ts';
import { useChat, useModel, usePrefs, useText, useUserName, useView } from '../app/context.tsx';
import { Completions, useCompletions } from '../conversation/Completions.tsx';
import { MessageRow } from '../conversation/MessageRow.tsx';
import { AttachButton, usePasteFiles } from '../files/AttachButton.tsx';
import { UploadTray, usePlaceUploads } from '../files/UploadTray.tsx';
import { Button } from '../ui/Button.tsx';
import { Empty } from '../ui/Empty.tsx';
import { useOpenedList } from './opened-list.ts';
import { Panel } from './Panel.tsx';
import { useThreadReading } from './thread-reading.ts';

type Props = { conversationId: string; rootId: string };

/** The answers to one message, and a place to write another. */
export function ThreadPanel({ conversationId, rootId }: Props) {
  const { t } = useText();
  const model = useModel();
  const { panels } = model.client;
  const [{ density }] = usePrefs();
  const meId = useChat((client) => client.me()?.id) ?? '';
  const thread = useChat((client) => client.panels.thread(conversationId, rootId));
  const { hasFailed, load } = useOpenedList(() => panels.openThread(conversationId, rootId));
  const answers = viewsOf(thread.messages, thread.pending, meId);
  const list = useRef<HTMLDivElement>(null);
  const lastKey = answers.at(-1)?.key;
  // New answers are followed: a thread is short and one looks at its end.
  useLayoutEffect(() => {
    if (lastKey && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [lastKey]);
  const onScroll = useThreadReading({ conversationId, rootId, list, lastSeq: thread.messages.at(-1)?.seq });
  const root = thread.root ? viewsOf([thread.root], [], meId)[0] : undefined;
  return (
    <Panel title={t('thread')} testId="thread-panel">
      {!thread.loaded && hasFailed && (
        <Empty icon={TriangleAlert} title={t('loadFailed')}>
          <Button look="secondary" onClick={load}>
            {t('tryAgain')}
          </Button>
        </Empty>
      )}
      <div ref={list} role="log" onScroll={onScroll} data-scroller aria-label={t('thread')} className="min-h-0 flex-1 overflow-y-auto pb-4">
        {root && (
          <div className="border-b border-n6 pb-3">
            <MessageRow message={root} isFirst isInPanel conversationId={conversationId} density={density} />
          </div>
        )}
        {thread.loaded && answers.length === 0 && <Empty icon={MessageSquareText} title={t('threadEmpty')} lead={t('threadEmptyLead')} />}
        {thread.hasBefore && thread.loaded && (
          <Button
            look="ghost"
            isBusy={thread.loading}
            className="w-full"
            onClick={() => void panels.loadOlder(conversationId, rootId).catch(() => model.notify('actionFailed'))}
          >
            {t('olderReplies')}
          </Button>
        )}
        {answers.map((message) => (
          <MessageRow key={message.key} message={message} isFirst isInPanel conversationId={conversationId} density={density} />
        ))}
      </div>
      <ThreadComposer conversationId={conversationId} rootId={rootId} actorId={thread.root?.actorId} />
    </Panel>
  );
}

function ThreadComposer({ conversationId, rootId, actorId }: Props & { actorId: string | undefined }) {
  const { t } = useText();
  const model = useModel();
  const [{ enter }] = usePrefs();
  const name = useUserName(actorId);
  const place = threadPlace(conversationId, rootId);
  const text = useView((view) => view.drafts[place] ?? '');
  const setText = (next: string) => model.saveDraft(place, next);
  const uploads = usePlaceUploads(place);
  const pasteFiles = usePasteFiles(place);
  const input = useRef<HTMLTextAreaElement>(null);
  const completions = useCompletions({ conversationId, text, input, change: setText });
  const isReadonly = useChat((client) => {
    const { conversation } = client.conversation(conversationId);
    return conversation?.me.role === 'readonly' || conversation?.archived === true;
  });
  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) input.current?.focus();
  }, []);
  if (isReadonly) return null;
  const submit = () => {
    if (canSend(text, uploads)) model.sendInThread(conversationId, rootId, text.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || completions.onKeyDown(event) || event.key !== 'Enter' || event.shiftKey) return;
    if (enter !== 'send' && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    submit();
  };
  return (
    <div className="relative shrink-0 px-3 pb-3">
      <Completions {...completions} />
      <div className="rounded-md bg-n1 ring-1 ring-n8 focus-within:ring-2 focus-within:ring-a9">
        <UploadTray place={place} />
        <div className="flex items-end gap-0.5 p-1">
          <AttachButton place={place} withDrop={false} testId="thread-file-input" />
          <textarea
            ref={input}
            rows={1}
            data-testid="thread-composer"
            aria-label={t('replyInThread', { name })}
            placeholder={t('replyInThread', { name })}
            onKeyDown={onKeyDown}
            onPaste={pasteFiles}
            {...completions.inputProps}
            className="field-sizing-content max-h-[30dvh] min-h-11 min-w-0 flex-1 resize-none bg-transparent px-2.5 py-[10px] text-lg outline-none sm:min-h-9 sm:py-2 sm:text-base"
          />
          <button
            type="button"
            data-testid="thread-send"
            aria-label={t('send')}
            disabled={!canSend(text, uploads)}
            onClick={submit}
            className="inline-flex size-11 shrink-0 items-center justify-center rounded-sm bg-a9 text-on-accent hover:bg-a10 disabled:bg-n4 disabled:text-n10 sm:size-9"
          >
            <ArrowUp className="size-[18px]" strokeWidth={2.4} />
          </button>
        </div>
      </div>
    </div>
  );
}

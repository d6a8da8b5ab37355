import { Archive, ArrowUp, Check, Lock, X } from 'lucide-react';
import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { plainLine } from '../../state/markup.ts';
import { canSend } from '../../state/uploads.ts';
import { useChat, useModel, usePeerId, usePrefs, useText, useTitle, useUserName, useView } from '../app/context.tsx';
import { BlockedComposer } from '../safety/SafetyActions.tsx';
import { useIsBlocked } from '../safety/use-blocked.ts';
import { AttachButton, usePasteFiles } from '../files/AttachButton.tsx';
import { UploadTray, usePlaceUploads } from '../files/UploadTray.tsx';
import { IconButton } from '../ui/Button.tsx';
import { Completions, useCompletions } from './Completions.tsx';
import { EmojiButton } from './EmojiButton.tsx';

export function Composer({ conversationId }: { conversationId: string }) {
  const { t } = useText();
  const role = useChat((client) => client.conversation(conversationId).conversation?.me.role);
  const isArchived = useChat((client) => client.conversation(conversationId).conversation?.archived ?? false);
  const editing = useView((view) => view.editing);
  const messageId = editing?.conversationId === conversationId ? editing.messageId : undefined;
  const blockedId = useBlockedPeer(conversationId);
  if (blockedId) return <BlockedComposer userId={blockedId} />;
  if (isArchived || role === 'readonly') {
    const Icon = isArchived ? Archive : Lock;
    return (
      <p
        data-testid="no-composer"
        className="flex items-center justify-center gap-2 border-t border-n6 px-4 py-4 text-center text-sm text-n10"
      >
        <Icon className="size-3.5 shrink-0" aria-hidden />
        {t(isArchived ? 'archivedComposer' : 'readonly')}
      </p>
    );
  }
  return <Editor key={messageId ?? 'new'} conversationId={conversationId} editedId={messageId} />;
}

function useBlockedPeer(conversationId: string): string | undefined {
  const peerId = usePeerId(conversationId);
  const isBlocked = useIsBlocked(peerId);
  return isBlocked ? peerId : undefined;
}

/** The text and what happens to it. */
function useEditor(conversationId: string, editedId: string | undefined) {
  const model = useModel();
  const draft = useView((view) => view.drafts[conversationId] ?? '');
  const uploads = usePlaceUploads(conversationId);
  const original = useChat((client) => client.conversation(conversationId).messages.find(({ id }) => id === editedId)?.body ?? '');
  const [edited, setEdited] = useState(original);
  const [hasFailed, setFailed] = useState(false);
  const text = editedId ? edited : draft;
  const change = (next: string) => {
    if (editedId) return setEdited(next);
    model.saveDraft(conversationId, next);
    model.client.setTyping(conversationId, next.trim() !== '');
  };
  const submit = () => {
    const body = text.trim();
    if (!editedId) return canSend(body, uploads) ? model.send(conversationId, body) : undefined;
    if (body === '') return;
    setFailed(false);
    if (body === original) return model.stopComposing();
    model.saveEdit(conversationId, editedId, body).catch(() => setFailed(true));
  };
  const isReady = editedId ? text.trim() !== '' : canSend(text, uploads);
  return { text, change, submit, hasFailed, isReady };
}

function Editor({ conversationId, editedId }: { conversationId: string; editedId: string | undefined }) {
  const { t } = useText();
  const model = useModel();
  const title = useTitle(conversationId);
  const [{ enter }] = usePrefs();
  const { text, change, submit, hasFailed, isReady } = useEditor(conversationId, editedId);
  const input = useRef<HTMLTextAreaElement>(null);
  const completions = useCompletions({ conversationId, text, input, change });
  useLayoutEffect(() => fitHeight(input.current, text), [text]);
  useComposerFocus(input, editedId);
  const pasteFiles = usePasteFiles(conversationId);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || completions.onKeyDown(event)) return;
    const action = decideKey(event, enter);
    if (action === 'send') {
      event.preventDefault();
      submit();
    } else if (event.key === 'Escape' && model.isComposing(conversationId)) {
      // Only this; the next Escape closes what else is open.
      event.stopPropagation();
      model.stopComposing();
    } else if (event.key === 'ArrowUp' && !event.altKey && text === '' && !editedId) {
      const last = model.lastOwn(conversationId);
      if (!last) return;
      event.preventDefault();
      model.startEdit(conversationId, last.id);
    }
  };
  return (
    <div className="relative shrink-0 px-3 pb-[max(12px,env(safe-area-inset-bottom))] sm:px-5 sm:pb-[max(20px,env(safe-area-inset-bottom))]">
      <Completions {...completions} />
      <div className="rounded-md bg-n1 ring-1 ring-n8 focus-within:ring-2 focus-within:ring-a9">
        <Context conversationId={conversationId} editedId={editedId} />
        {!editedId && <UploadTray place={conversationId} />}
        <div className="flex items-end gap-0.5 p-1">
          {!editedId && <AttachButton place={conversationId} withDrop />}
          <textarea
            ref={input}
            rows={1}
            data-testid="composer"
            aria-label={t('writeTo', { name: title })}
            placeholder={t('writeTo', { name: title })}
            enterKeyHint={enter === 'send' ? 'send' : 'enter'}
            onKeyDown={onKeyDown}
            onPaste={editedId ? undefined : pasteFiles}
            {...completions.inputProps}
            className="max-h-[40dvh] min-h-11 min-w-0 flex-1 resize-none overflow-y-auto bg-transparent px-2.5 py-[10px] text-lg outline-none placeholder:truncate sm:min-h-9 sm:py-2 sm:text-base"
          />
          <EmojiButton onPick={completions.insert} />
          <button
            type="button"
            data-testid="send"
            aria-label={t(editedId ? 'save' : 'send')}
            title={t(editedId ? 'save' : 'send')}
            disabled={!isReady}
            onClick={submit}
            className="inline-flex size-11 shrink-0 items-center justify-center rounded-sm bg-a9 text-on-accent transition-colors hover:bg-a10 disabled:bg-n4 disabled:text-n10 sm:size-9"
          >
            {editedId ? <Check className="size-[18px]" /> : <ArrowUp className="size-[18px]" strokeWidth={2.4} />}
          </button>
        </div>
      </div>
      {hasFailed && (
        <p role="alert" className="px-1 pt-1 text-sm text-danger">
          {t('errorUnknown')}
        </p>
      )}
    </div>
  );
}

/** With Ctrl or Command it always sends; Shift always breaks the line. */
function decideKey(event: KeyboardEvent, enter: 'send' | 'newline'): 'send' | undefined {
  if (event.key !== 'Enter' || event.shiftKey) return undefined;
  return enter === 'send' || event.ctrlKey || event.metaKey ? 'send' : undefined;
}

/** With a finger, focus would open the keyboard over what one came to read. */
function useComposerFocus(input: React.RefObject<HTMLTextAreaElement | null>, editedId: string | undefined): void {
  const replying = useView((view) => view.replying?.messageId);
  const focusComposer = useView((view) => view.focusComposer);
  useEffect(() => {
    if (editedId || replying || focusComposer > 0 || matchMedia('(hover: hover)').matches) input.current?.focus();
  }, [input, editedId, replying, focusComposer]);
}

/** As high as its text; an empty one goes back to one line. */
function fitHeight(element: HTMLTextAreaElement | null, text: string): void {
  if (!element) return;
  element.style.height = 'auto';
  if (text !== '') element.style.height = `${element.scrollHeight}px`;
}

/** Above the text: what is being edited or answered. */
function Context({ conversationId, editedId }: { conversationId: string; editedId: string | undefined }) {
  const { t } = useText();
  const model = useModel();
  const replying = useView((view) => view.replying);
  const targetId = editedId ?? (replying?.conversationId === conversationId ? replying.messageId : undefined);
  const target = useChat((client) => client.conversation(conversationId).messages.find(({ id }) => id === targetId));
  const name = useUserName(target?.actorId);
  if (!targetId) return null;
  return (
    <div className="flex items-center gap-2 border-b border-n6 py-1 pr-1 pl-3 text-sm">
      <span className="min-w-0 flex-1 truncate text-n10">
        <span className="font-medium text-a11">{editedId ? t('editing') : t('replyingTo', { name })}</span>{' '}
        {target && plainLine(target.body)}
      </span>
      <IconButton size="sm" label={t('cancel')} onClick={model.stopComposing}>
        <X className="size-4" />
      </IconButton>
    </div>
  );
}

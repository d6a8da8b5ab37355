import { AlertDialog } from '@base-ui/react/alert-dialog';
import {
  Ban,
  Copy,
  Ellipsis,
  Eye,
  Flag,
  Forward,
  Link,
  Link2Off,
  MailOpen,
  MessageSquareText,
  Pencil,
  Pin,
  PinOff,
  Reply,
  SmilePlus,
  Trash2,
} from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import { recentEmoji } from '../../state/emoji.ts';
import { messageLink } from '../../state/links.ts';
import type { MessageView } from '../../state/rows.ts';
import { placeToolbar } from '../../state/toolbar-place.ts';
import type { StringKey } from '../../strings.ts';
import { useChat, useModel, useText, useUserName } from '../app/context.tsx';
import { useIsBlocked } from '../safety/use-blocked.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { EmojiPicker } from '../ui/EmojiPicker.tsx';
import { Menu, MenuItem } from '../ui/Menu.tsx';

type Props = { conversationId: string; message: MessageView; isInPanel: boolean; onOpenChange: (isOpen: boolean) => void };
const icon = 'size-4';

/** What can be done with one message. `act` says when it did not work. */
function useActions(conversationId: string, message: MessageView) {
  const model = useModel();
  const { client } = model;
  const id = message.id ?? '';
  const seq = message.seq ?? 0;
  const act = (action: Promise<unknown>, failure: StringKey = 'actionFailed') => void action.catch(() => model.notify(failure));
  const copy = (text: string, done: StringKey) =>
    act(
      navigator.clipboard.writeText(text).then(() => model.notify(done)),
      'copyFailed',
    );
  return {
    react: (emoji: string) => act(client.react(conversationId, id, emoji, !message.reactions.some((r) => r.emoji === emoji && r.me))),
    reply: () => model.startReply(conversationId, id),
    edit: () => model.startEdit(conversationId, id),
    thread: () => model.set({ panel: { kind: 'thread', rootId: id } }),
    forward: () => model.openDialog('forward', { conversationId, messageId: id }),
    seenBy: () => model.openDialog('seen-by', { conversationId, messageId: id }),
    copyText: () => copy(message.body, 'textCopied'),
    copyLink: () => copy(messageLink(location.origin, conversationId, seq), 'linkCopied'),
    pin: () => act(client.pin(conversationId, id, !message.pinned)),
    report: () => model.set({ dialog: 'report', reporting: { userId: message.actorId, messageId: id, conversationId } }),
    block: (on: boolean) => act(client.blocks.set(message.actorId, on)),
    markUnread: () => act(model.markUnread(conversationId, seq)),
    removePreviews: () => act(client.removePreviews(conversationId, id)),
    remove: () => act(client.remove(conversationId, id)),
  };
}

/** Puts it where it neither hides its message nor goes over an edge of the list. */
function placeBar(bar: HTMLDivElement | null): void {
  const row = bar?.closest('article')?.getBoundingClientRect();
  const list = bar?.closest('[data-scroller]')?.getBoundingClientRect();
  if (!bar || !row || !list) return;
  const { top: rowTop, bottom: rowBottom } = row;
  const edges = { listTop: list.top, listBottom: list.bottom, listWidth: list.width };
  bar.style.top = `${placeToolbar({ rowTop, rowBottom, ...edges, height: bar.offsetHeight })}px`;
}

export function MessageToolbar({ conversationId, message, isInPanel, onOpenChange }: Props) {
  const { t } = useText();
  const [isPickerOpen, setPickerOpen] = useState(false);
  const [isMenuOpen, setMenuOpen] = useState(false);
  const [isDeleting, setDeleting] = useState(false);
  const isOpen = isPickerOpen || isMenuOpen || isDeleting;
  // What opens takes the pointer and the focus out of the row, and lives in this toolbar.
  useEffect(() => onOpenChange(isOpen), [isOpen, onOpenChange]);
  const actions = useActions(conversationId, message);
  const role = useChat((chat) => chat.conversation(conversationId).conversation?.me.role);
  const isArchived = useChat((chat) => chat.conversation(conversationId).conversation?.archived ?? false);
  const canWrite = role !== 'readonly' && !isArchived;
  return (
    <div
      ref={placeBar}
      role="group"
      aria-label={t('messageActions')}
      data-testid="message-toolbar"
      className="absolute right-3 z-10 flex items-center rounded-md bg-n1 p-0.5 shadow-float sm:right-5"
    >
      {canWrite && !isInPanel && <QuickReactions onReact={actions.react} />}
      {canWrite && (
        <EmojiPicker
          onPick={actions.react}
          onOpenChange={setPickerOpen}
          trigger={
            <IconButton size="sm" data-testid="react" label={t('react')}>
              <SmilePlus className={icon} />
            </IconButton>
          }
        />
      )}
      {canWrite && !isInPanel && <Action testId="reply" label="reply" icon={<Reply className={icon} />} onAct={actions.reply} />}
      {!isInPanel && <Action testId="thread" label="openThread" icon={<MessageSquareText className={icon} />} onAct={actions.thread} />}
      {message.own && !isInPanel && canWrite && (
        <Action testId="edit" label="edit" icon={<Pencil className={icon} />} onAct={actions.edit} />
      )}
      <Menu
        onOpenChange={setMenuOpen}
        trigger={
          <IconButton size="sm" data-testid="more" label={t('moreActions')}>
            <Ellipsis className={icon} />
          </IconButton>
        }
      >
        <MoreItems
          message={message}
          actions={actions}
          canPin={canWrite}
          canDelete={message.own || role === 'owner' || role === 'admin'}
          onDelete={() => setDeleting(true)}
        />
      </Menu>
      <DeleteDialog isOpen={isDeleting} onClose={() => setDeleting(false)} onConfirm={actions.remove} />
    </div>
  );
}

function QuickReactions({ onReact }: { onReact: (emoji: string) => void }) {
  const { t } = useText();
  return recentEmoji(localStorage)
    .slice(0, 3)
    .map((emoji) => (
      <button
        key={emoji}
        type="button"
        aria-label={`${t('react')} ${emoji}`}
        onClick={() => onReact(emoji)}
        className="hidden size-7 items-center justify-center rounded-sm text-base hover:bg-n3 sm:flex"
      >
        {emoji}
      </button>
    ));
}

function Action({ testId, label, icon, onAct }: { testId: string; label: StringKey; icon: ReactNode; onAct: () => void }) {
  const { t } = useText();
  return (
    <IconButton size="sm" data-testid={testId} label={t(label)} onClick={onAct}>
      {icon}
    </IconButton>
  );
}

type MoreProps = {
  message: MessageView;
  actions: ReturnType<typeof useActions>;
  canPin: boolean;
  canDelete: boolean;
  onDelete: () => void;
};

function MoreItems({ message, actions, canPin, canDelete, onDelete }: MoreProps) {
  const { t } = useText();
  return (
    <>
      <MenuItem icon={<Forward className={icon} />} onSelect={actions.forward}>
        {t('forward')}
      </MenuItem>
      <MenuItem icon={<Link className={icon} />} onSelect={actions.copyLink}>
        {t('copyLink')}
      </MenuItem>
      <MenuItem icon={<Copy className={icon} />} onSelect={actions.copyText}>
        {t('copy')}
      </MenuItem>
      {canPin && (
        <MenuItem icon={message.pinned ? <PinOff className={icon} /> : <Pin className={icon} />} onSelect={actions.pin}>
          {t(message.pinned ? 'unpin' : 'pin')}
        </MenuItem>
      )}
      <MenuItem icon={<MailOpen className={icon} />} onSelect={actions.markUnread}>
        {t('markUnread')}
      </MenuItem>
      {message.own && (
        <MenuItem icon={<Eye className={icon} />} onSelect={actions.seenBy}>
          {t('seenBy')}
        </MenuItem>
      )}
      {!message.own && (
        <MenuItem icon={<Flag className={icon} />} onSelect={actions.report}>
          {t('reportMessage')}
        </MenuItem>
      )}
      {!message.own && <BlockItem userId={message.actorId} onSelect={actions.block} />}
      {canDelete && message.previews.length > 0 && (
        <MenuItem icon={<Link2Off className={icon} />} onSelect={actions.removePreviews}>
          {t('removePreviews')}
        </MenuItem>
      )}
      {canDelete && (
        <MenuItem isDanger icon={<Trash2 className={icon} />} onSelect={onDelete}>
          {t('delete')}
        </MenuItem>
      )}
    </>
  );
}

function BlockItem({ userId, onSelect }: { userId: string; onSelect: (on: boolean) => void }) {
  const { t } = useText();
  const name = useUserName(userId);
  const isBlocked = useIsBlocked(userId);
  return (
    <MenuItem icon={<Ban className={icon} />} onSelect={() => onSelect(!isBlocked)}>
      {isBlocked ? t('unblock') : t('blockName', { name })}
    </MenuItem>
  );
}

function DeleteDialog({ isOpen, onClose, onConfirm }: { isOpen: boolean; onClose: () => void; onConfirm: () => void }) {
  const { t } = useText();
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-40 bg-scrim" />
        <AlertDialog.Popup className="pop fixed inset-x-4 top-[30vh] z-50 mx-auto max-w-[400px] rounded-lg bg-n1 p-5 shadow-float outline-none">
          <AlertDialog.Title className="text-lg font-semibold">{t('deleteTitle')}</AlertDialog.Title>
          <AlertDialog.Description className="mt-1 mb-5 text-base text-n10">{t('deleteLead')}</AlertDialog.Description>
          <div className="flex justify-end gap-2">
            <Button look="secondary" onClick={onClose}>
              {t('cancel')}
            </Button>
            <Button
              look="danger"
              data-testid="confirm-delete"
              onClick={() => {
                onClose();
                onConfirm();
              }}
            >
              {t('delete')}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

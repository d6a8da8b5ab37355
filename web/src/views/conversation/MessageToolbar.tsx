import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Ban, Copy, Ellipsis, Flag, MailOpen, Pencil, Pin, PinOff, Reply, SmilePlus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { MessageView } from '../../state/rows.ts';
import { useChat, useModel, useText, useUserName } from '../app/context.tsx';
import { Button, IconButton } from '../ui/Button.tsx';
import { EmojiPicker, quickEmoji } from '../ui/EmojiPicker.tsx';
import { Menu, MenuItem } from '../ui/Menu.tsx';

type Props = { conversationId: string; message: MessageView; onOpenChange: (isOpen: boolean) => void };
const icon = 'size-4';

export function MessageToolbar({ conversationId, message, onOpenChange }: Props) {
  const { t } = useText();
  const model = useModel();
  const { client } = model;
  const [isDeleting, setDeleting] = useState(false);
  const id = message.id ?? '';
  const role = useChat((chat) => chat.conversation(conversationId).conversation?.me.role);
  const canDelete = message.own || role === 'owner' || role === 'admin';
  const act = (action: Promise<unknown>) => void action.catch(() => undefined);
  const react = (emoji: string) => act(client.react(conversationId, id, emoji, !message.reactions.some((r) => r.emoji === emoji && r.me)));
  return (
    <div role="group" aria-label={t('moreActions')} className="flex items-center rounded-md bg-n1 p-0.5 shadow-float">
      {quickEmoji.slice(0, 3).map((emoji) => (
        <button
          key={emoji}
          type="button"
          aria-label={`${t('react')} ${emoji}`}
          onClick={() => react(emoji)}
          className="hidden size-7 items-center justify-center rounded-sm text-base hover:bg-n3 sm:flex"
        >
          {emoji}
        </button>
      ))}
      <EmojiPicker
        onPick={react}
        onOpenChange={onOpenChange}
        trigger={
          <IconButton size="sm" data-testid="react" label={t('react')}>
            <SmilePlus className={icon} />
          </IconButton>
        }
      />
      <IconButton size="sm" data-testid="reply" label={t('reply')} onClick={() => model.startReply(conversationId, id)}>
        <Reply className={icon} />
      </IconButton>
      {message.own && (
        <IconButton size="sm" data-testid="edit" label={t('edit')} onClick={() => model.startEdit(conversationId, id)}>
          <Pencil className={icon} />
        </IconButton>
      )}
      <Menu
        onOpenChange={onOpenChange}
        trigger={
          <IconButton size="sm" data-testid="more" label={t('moreActions')}>
            <Ellipsis className={icon} />
          </IconButton>
        }
      >
        <MenuItem icon={<Copy className={icon} />} onSelect={() => act(navigator.clipboard.writeText(message.body))}>
          {t('copy')}
        </MenuItem>
        <MenuItem
          icon={message.pinned ? <PinOff className={icon} /> : <Pin className={icon} />}
          onSelect={() => act(client.pin(conversationId, id, !message.pinned))}
        >
          {t(message.pinned ? 'unpin' : 'pin')}
        </MenuItem>
        {!message.own && (
          <MenuItem
            icon={<MailOpen className={icon} />}
            onSelect={() => {
              act(client.markUnread(conversationId, Math.max(0, (message.seq ?? 1) - 1)));
              model.select(undefined);
            }}
          >
            {t('markUnread')}
          </MenuItem>
        )}
        {!message.own && (
          <MenuItem
            icon={<Flag className={icon} />}
            onSelect={() => model.set({ dialog: 'report', reporting: { userId: message.actorId, messageId: id, conversationId } })}
          >
            {t('reportMessage')}
          </MenuItem>
        )}
        {!message.own && <BlockItem userId={message.actorId} onSelect={(on) => act(client.blocks.set(message.actorId, on))} />}
        {canDelete && (
          <MenuItem isDanger icon={<Trash2 className={icon} />} onSelect={() => setDeleting(true)}>
            {t('delete')}
          </MenuItem>
        )}
      </Menu>
      <DeleteDialog isOpen={isDeleting} onClose={() => setDeleting(false)} onConfirm={() => act(client.remove(conversationId, id))} />
    </div>
  );
}

function BlockItem({ userId, onSelect }: { userId: string; onSelect: (on: boolean) => void }) {
  const { t } = useText();
  const name = useUserName(userId);
  const isBlocked = useChat((client) => client.blocks.ids.has(userId));
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

import { Popover } from '@base-ui/react/popover';
import { type ReactElement, useState } from 'react';

export const quickEmoji = ['👍', '❤️', '😂', '🎉', '👀', '🙏'] as const;

const emoji =
  '😀 😄 😁 😅 😂 🙂 😉 😊 😍 🥰 😘 😋 😎 🤩 🤔 🫡 🤗 🤭 😐 😴 😢 😭 😤 😱 🥳 🤯 😇 🙃 👍 👎 👌 ✌️ 🤞 🤝 👏 🙌 🙏 💪 👋 👀 ❤️ 🧡 💛 💚 💙 💜 🖤 💔 🔥 ✨ ⭐ 🎉 🎂 🎁 🚀 💡 ✅ ❌ ⚠️ ❓ ☕ 🍕 🍎 🌍'.split(
    ' ',
  );

type Props = { trigger: ReactElement; onPick: (emoji: string) => void; onOpenChange?: (isOpen: boolean) => void };

export function EmojiPicker({ trigger, onPick, onOpenChange }: Props) {
  const [isOpen, setOpen] = useState(false);
  const change = (open: boolean) => {
    setOpen(open);
    onOpenChange?.(open);
  };
  return (
    <Popover.Root open={isOpen} onOpenChange={change}>
      <Popover.Trigger render={trigger} />
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" collisionPadding={8} className="z-50">
          <Popover.Popup className="pop grid max-h-64 w-[296px] grid-cols-8 gap-0.5 overflow-y-auto rounded-md bg-n1 p-2 shadow-float outline-none">
            {emoji.map((one) => (
              <button
                key={one}
                type="button"
                aria-label={one}
                onClick={() => {
                  onPick(one);
                  change(false);
                }}
                className="flex size-[34px] items-center justify-center rounded-sm text-xl hover:bg-n3"
              >
                {one}
              </button>
            ))}
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

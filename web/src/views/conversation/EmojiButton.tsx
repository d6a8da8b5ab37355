import { Smile } from 'lucide-react';
import { lazy, Suspense } from 'react';
import { useText } from '../app/context.tsx';
import { IconButton } from '../ui/Button.tsx';

const EmojiPicker = lazy(async () => ({ default: (await import('../ui/EmojiPicker.tsx')).EmojiPicker }));

/** The picker of a composer; its place is kept while it is loaded. */
export function EmojiButton({ onPick }: { onPick: (emoji: string) => void }) {
  const { t } = useText();
  const button = (
    <IconButton label={t('emoji')} data-testid="emoji">
      <Smile className="size-[18px]" />
    </IconButton>
  );
  return (
    <Suspense fallback={button}>
      <EmojiPicker onPick={onPick} trigger={button} />
    </Suspense>
  );
}

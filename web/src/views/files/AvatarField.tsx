import { useRef, useState } from 'react';
import { useChat, useModel, useText } from '../app/context.tsx';
import { Button } from '../ui/Button.tsx';

/** Sets and removes the own picture; the server cuts the square. */
export function AvatarField() {
  const { t } = useText();
  const { client, pictures } = useModel();
  const hasPicture = useChat((chat) => chat.me()?.avatarUrl !== undefined);
  const mayUpload = useChat((chat) => (chat.session()?.limits.fileMaxBytes ?? 0) > 0);
  const input = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<'idle' | 'busy' | 'failed'>('idle');
  const run = (work: Promise<unknown>) => {
    setState('busy');
    work.then(
      () => setState('idle'),
      () => setState('failed'),
    );
  };
  if (!mayUpload || !client.me()) return null;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <input
        ref={input}
        type="file"
        accept="image/*"
        hidden
        data-testid="avatar-input"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file) run(pictures.set(file));
          currentTarget.value = '';
        }}
      />
      <Button look="secondary" isBusy={state === 'busy'} data-testid="avatar-change" onClick={() => input.current?.click()}>
        {t('changePicture')}
      </Button>
      {hasPicture && (
        <Button look="ghost" disabled={state === 'busy'} data-testid="avatar-remove" onClick={() => run(pictures.remove())}>
          {t('removePicture')}
        </Button>
      )}
      {state === 'failed' && (
        <p role="alert" className="w-full text-sm text-danger">
          {t('pictureFailed')}
        </p>
      )}
    </div>
  );
}

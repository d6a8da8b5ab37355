import { Paperclip } from 'lucide-react';
import { type ClipboardEvent, useEffect, useRef, useState } from 'react';
import { useChat, useModel, useText } from '../app/context.tsx';
import { IconButton } from '../ui/Button.tsx';

/** Whether this person may upload here at all: guests may not, nor anybody where there is no store. Undefined: not known yet. */
function useMayUpload(): boolean | undefined {
  return useChat((client) => {
    if (client.me()?.guest) return false;
    const limits = client.session()?.limits;
    return limits && limits.fileMaxBytes > 0;
  });
}

/** A button, and a place to drop files anywhere on the page. */
export function AttachButton({ place, withDrop, testId = 'file-input' }: { place: string; withDrop: boolean; testId?: string }) {
  const { t } = useText();
  const { uploads } = useModel();
  const input = useRef<HTMLInputElement>(null);
  const mayUpload = useMayUpload();
  // Its place is kept, so that nothing moves when it comes.
  if (mayUpload === undefined) return <span className="size-11 shrink-0 sm:size-9" />;
  if (!mayUpload) return null;
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        data-testid={testId}
        onChange={({ currentTarget }) => {
          uploads.add(place, [...(currentTarget.files ?? [])]);
          // The same file may be chosen again.
          currentTarget.value = '';
        }}
      />
      <IconButton label={t('attachFiles')} data-testid="attach" onClick={() => input.current?.click()}>
        <Paperclip className="size-[18px]" />
      </IconButton>
      {withDrop && <DropZone onFiles={(files) => uploads.add(place, files)} />}
    </>
  );
}

/** Files of the clipboard become uploads; text stays text. */
export function usePasteFiles(place: string): (event: ClipboardEvent) => void {
  const { uploads } = useModel();
  const mayUpload = useMayUpload();
  return (event) => {
    const files = [...event.clipboardData.files];
    // A copied table comes as text and as a picture of it: the text is meant.
    if (!mayUpload || files.length === 0 || event.clipboardData.getData('text/plain') !== '') return;
    event.preventDefault();
    uploads.add(place, files);
  };
}

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;

function DropZone({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useText();
  const [isOver, setOver] = useState(false);
  const latest = useRef(onFiles);
  useEffect(() => void (latest.current = onFiles));
  useEffect(() => {
    // Each element that is passed says enter and leave.
    let depth = 0;
    const stop = new AbortController();
    const on = (name: 'dragenter' | 'dragover' | 'dragleave' | 'drop', handle: (event: DragEvent) => void) =>
      addEventListener(name, (event) => carriesFiles(event) && handle(event), { signal: stop.signal });
    const show = (change: number) => {
      depth = Math.max(0, depth + change);
      setOver(depth > 0);
    };
    on('dragenter', () => show(1));
    on('dragleave', () => show(-1));
    on('dragover', (event) => event.preventDefault());
    on('drop', (event) => {
      event.preventDefault();
      show(-depth);
      latest.current([...(event.dataTransfer?.files ?? [])]);
    });
    return () => stop.abort();
  }, []);
  if (!isOver) return null;
  return (
    <div className="pointer-events-none fixed inset-3 z-50 flex items-center justify-center rounded-lg border-2 border-dashed border-a9 bg-a3/90">
      <p className="rounded-md bg-n1 px-4 py-2 text-base font-medium shadow-float">{t('dropFiles')}</p>
    </div>
  );
}

import type { Attachment } from '@chatcluster/protocol';
import { Download } from 'lucide-react';
import { type CSSProperties, lazy, Suspense, useState } from 'react';
import { formatBytes } from '../../state/uploads.ts';
import { useText } from '../app/context.tsx';
import { FileIcon } from './FileIcon.tsx';

const Lightbox = lazy(async () => ({ default: (await import('./Lightbox.tsx')).Lightbox }));

const MAX_WIDTH = 380;
const MAX_HEIGHT = 320;
/** After a failure: the session may have to be renewed first. */
const RETRY_MS = [1_000, 4_000, 15_000];

const isPicture = (file: Attachment) => file.thumbnailUrl !== undefined && file.width !== undefined;

/** What a message carries: pictures first, then players and cards. */
export function Attachments({ files }: { files: readonly Attachment[] }) {
  const [openId, setOpenId] = useState<string>();
  if (files.length === 0) return null;
  const pictures = files.filter(isPicture);
  return (
    <div className="flex max-w-full flex-col items-start gap-1.5 py-1" data-testid="attachments">
      {pictures.length > 0 && (
        <div className="flex max-w-full flex-wrap gap-1.5">
          {pictures.map((file) => (
            <Picture key={file.fileId} file={file} isAlone={pictures.length === 1} onOpen={() => setOpenId(file.fileId)} />
          ))}
        </div>
      )}
      {files
        .filter((file) => !isPicture(file))
        .map((file) => (
          <OtherFile key={file.fileId} file={file} />
        ))}
      {openId && (
        <Suspense>
          <Lightbox pictures={pictures} openId={openId} onChange={setOpenId} onClose={() => setOpenId(undefined)} />
        </Suspense>
      )}
    </div>
  );
}

/** The place that it takes is known before it is loaded, so that nothing moves when it comes. */
function boxOf({ width = 1, height = 1 }: Attachment, isAlone: boolean): CSSProperties {
  const [maxWidth, maxHeight] = isAlone ? [MAX_WIDTH, MAX_HEIGHT] : [220, 160];
  const scale = Math.min(1, maxWidth / width, maxHeight / height);
  return { width: Math.max(48, Math.round(width * scale)), aspectRatio: `${width} / ${height}` };
}

function Picture({ file, isAlone, onOpen }: { file: Attachment; isAlone: boolean; onOpen: () => void }) {
  const { t } = useText();
  const [isLoaded, setLoaded] = useState(false);
  const { attempt, isGone, onError } = useRetry();
  return (
    <button
      type="button"
      data-testid="attachment-image"
      aria-label={t('openImage', { name: file.name })}
      onClick={onOpen}
      style={boxOf(file, isAlone)}
      className="relative max-h-80 max-w-full overflow-hidden rounded-md bg-n3 ring-1 ring-n6"
    >
      {file.preview && !isLoaded && <img src={file.preview} alt="" className="absolute inset-0 size-full scale-110 object-cover blur-lg" />}
      {isGone ? (
        <span className="absolute inset-0 flex items-center justify-center p-2 text-xs text-n11">{t('imageGone')}</span>
      ) : (
        <img
          src={`${file.thumbnailUrl}${attempt > 0 ? `?try=${attempt}` : ''}`}
          alt={file.name}
          loading="lazy"
          decoding="async"
          onLoad={() => setLoaded(true)}
          onError={onError}
          className={`relative size-full object-cover transition-opacity ${isLoaded ? '' : 'opacity-0'}`}
        />
      )}
    </button>
  );
}

/** Of a picture that did not load. */
export function useRetry() {
  const [attempt, setAttempt] = useState(0);
  const [isGone, setGone] = useState(false);
  const onError = () => {
    const delay = RETRY_MS[attempt];
    if (delay === undefined) setGone(true);
    else setTimeout(() => setAttempt(attempt + 1), delay);
  };
  return { attempt, isGone, onError };
}

/** People record these themselves: there are no captions to show. */
function OtherFile({ file }: { file: Attachment }) {
  if (file.type.startsWith('video/')) {
    // oxlint-disable-next-line jsx-a11y/media-has-caption
    return <video controls preload="metadata" src={file.url} className="max-h-80 max-w-full rounded-md" />;
  }
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      {file.type.startsWith('audio/') && <audio controls preload="none" src={file.url} className="max-w-full" />}
      <FileCard file={file} />
    </>
  );
}

function FileCard({ file }: { file: Attachment }) {
  const { t, language } = useText();
  return (
    <a
      href={`${file.url}?download=1`}
      download={file.name}
      data-testid="attachment-file"
      aria-label={t('downloadFile', { name: file.name })}
      className="flex w-80 max-w-full items-center gap-3 rounded-md bg-n1 p-2.5 ring-1 ring-n7 hover:bg-n3"
    >
      <FileIcon type={file.type} name={file.name} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{file.name}</span>
        <span className="text-xs text-n10">{formatBytes(file.bytes, language)}</span>
      </span>
      <Download className="size-4 shrink-0 text-n10" aria-hidden />
    </a>
  );
}

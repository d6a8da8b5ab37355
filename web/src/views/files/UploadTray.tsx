import { RotateCw, X } from 'lucide-react';
import { useStore } from 'zustand';
import { useShallow } from 'zustand/react/shallow';
import { formatBytes, type PendingUpload } from '../../state/uploads.ts';
import { useModel, useText } from '../app/context.tsx';
import { FileIcon } from './FileIcon.tsx';

/** The files of the composer of this place. */
export function usePlaceUploads(place: string): readonly PendingUpload[] {
  const { uploads } = useModel();
  return useStore(
    uploads.store,
    useShallow(({ all }) => all.filter((upload) => upload.place === place)),
  );
}

/** Above the text: what goes along with it. */
export function UploadTray({ place }: { place: string }) {
  const all = usePlaceUploads(place);
  if (all.length === 0) return null;
  return (
    <ul className="flex flex-wrap gap-2 border-b border-n6 p-2" data-testid="upload-tray">
      {all.map((upload) => (
        <Item key={upload.key} upload={upload} />
      ))}
    </ul>
  );
}

function Item({ upload }: { upload: PendingUpload }) {
  const { t, language } = useText();
  const { uploads } = useModel();
  const { key, file, localUrl, state } = upload;
  const isUploading = state === 'uploading';
  const isFailed = state === 'failed' || state === 'too-large';
  const detail = isUploading
    ? t('uploading', { percent: Math.round(upload.share * 100) })
    : state === 'failed'
      ? t('uploadFailed')
      : state === 'too-large'
        ? t('uploadTooLarge', { size: formatBytes(uploads.maxBytes(), language) })
        : formatBytes(file.size, language);
  return (
    <li
      data-testid="upload"
      data-state={state}
      className={`flex w-60 max-w-full items-center gap-2.5 rounded-md p-1.5 ring-1 ${isFailed ? 'bg-danger-bg ring-danger' : 'bg-n2 ring-n6'}`}
    >
      {localUrl ? (
        <img src={localUrl} alt="" className="size-10 shrink-0 rounded-sm object-cover" />
      ) : (
        <FileIcon type={file.type} name={file.name} />
      )}
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm font-medium">{file.name}</span>
        <span className={`block truncate text-xs ${isFailed ? 'text-danger' : 'text-n11'}`}>{detail}</span>
      </span>
      {state === 'failed' && (
        <button type="button" aria-label={t('retryUpload', { name: file.name })} onClick={() => uploads.retry(key)} className={round}>
          <RotateCw className="size-4" />
        </button>
      )}
      <button
        type="button"
        aria-label={t(isUploading ? 'cancelUpload' : 'removeFile', { name: file.name })}
        onClick={() => uploads.remove(key)}
        className={`relative ${round}`}
      >
        {isUploading && <Ring share={upload.share} />}
        <X className="size-4" />
      </button>
    </li>
  );
}

const round = 'inline-flex size-8 shrink-0 items-center justify-center rounded-full text-n11 hover:bg-n4 hover:text-n12';
const RADIUS = 13;
const LENGTH = 2 * Math.PI * RADIUS;

/** How much has arrived, around the button that cancels it. */
function Ring({ share }: { share: number }) {
  return (
    <svg viewBox="0 0 32 32" className="absolute inset-0 size-8 -rotate-90" aria-hidden>
      <circle cx="16" cy="16" r={RADIUS} fill="none" strokeWidth="2.5" className="stroke-n6" />
      <circle
        cx="16"
        cy="16"
        r={RADIUS}
        fill="none"
        strokeWidth="2.5"
        strokeLinecap="round"
        strokeDasharray={LENGTH}
        strokeDashoffset={LENGTH * (1 - Math.max(0.03, share))}
        className="stroke-a9 transition-[stroke-dashoffset]"
      />
    </svg>
  );
}

import type { LinkPreview } from '@chatcluster/protocol';
import { useState } from 'react';
import { useRetry } from '../files/Attachments.tsx';

/** From this ratio of the sides on a picture lies under the text, over the whole card; others stand small beside it. */
const WIDE = 1.3;

/** Cards for what the links of a message lead to. */
export function LinkPreviews({ previews }: { previews: readonly LinkPreview[] }) {
  if (previews.length === 0) return null;
  return (
    <div className="flex max-w-full flex-col items-start gap-1.5 py-1" data-testid="link-previews">
      {previews.map((preview) => (
        <Card key={preview.url} preview={preview} />
      ))}
    </div>
  );
}

function Card({ preview: { url, siteName, title, description, image } }: { preview: LinkPreview }) {
  const isWide = image !== undefined && image.width / image.height >= WIDE;
  return (
    <a
      href={url}
      target="_blank"
      rel="noreferrer noopener nofollow"
      data-testid="link-preview"
      className="flex w-[26rem] max-w-full flex-col gap-2 rounded-md border-l-3 border-l-a9 bg-n2 p-2.5 ring-1 ring-n6 hover:bg-n3"
    >
      <span className="flex gap-3">
        <span className="min-w-0 flex-1">
          <span className="block truncate text-xs text-n11">{siteName}</span>
          {title && <span className="line-clamp-2 font-medium text-n12">{title}</span>}
          {description && <span className="line-clamp-2 text-sm text-n11">{description}</span>}
        </span>
        {image && !isWide && <Picture image={image} className="size-18 shrink-0" />}
      </span>
      {image && isWide && <Picture image={image} className="max-h-52 w-full" style={{ aspectRatio: `${image.width} / ${image.height}` }} />}
    </a>
  );
}

type PictureProps = { image: NonNullable<LinkPreview['image']>; className: string; style?: React.CSSProperties };

/** The place that it takes is known before it is loaded. The texts beside it say what it is about. */
function Picture({ image, className, style }: PictureProps) {
  const [isLoaded, setLoaded] = useState(false);
  const { attempt, isGone, onError } = useRetry();
  return (
    <span className={`relative block overflow-hidden rounded-sm bg-n4 ${className}`} style={style}>
      {image.preview && !isLoaded && (
        <img src={image.preview} alt="" className="absolute inset-0 size-full scale-110 object-cover blur-lg" />
      )}
      {!isGone && (
        <img
          src={`${image.url}${attempt > 0 ? `?try=${attempt}` : ''}`}
          alt=""
          loading="lazy"
          decoding="async"
          onLoad={() => setLoaded(true)}
          onError={onError}
          className={`absolute inset-0 size-full object-cover ${isLoaded ? '' : 'opacity-0'}`}
        />
      )}
    </span>
  );
}

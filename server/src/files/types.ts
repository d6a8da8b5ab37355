/** Pictures that a worker can open. SVG is a document with scripts, not one of them. */
const images = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif', 'image/tiff']);

/** What browsers show without running anything. */
const inline = new Set([
  ...['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'],
  ...[
    'video/mp4',
    'video/webm',
    'video/ogg',
    'audio/mpeg',
    'audio/ogg',
    'audio/wav',
    'audio/mp4',
    'audio/x-m4a',
    'audio/flac',
    'audio/webm',
  ],
]);

/** Bytes of the beginning that tell the type. */
export const SNIFF_BYTES = 4_100;

export function isImage(type: string): boolean {
  return images.has(type);
}

export function isInline(type: string): boolean {
  return inline.has(type);
}

/**
 * What the content is, never what it says it is: a declared type counts only where the content has no mark of its own (texts),
 * and not for anything that a browser would show.
 */
export async function sniffType(head: Uint8Array, declared: string): Promise<string> {
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(head);
  if (found !== undefined) return found.mime;
  return isInline(declared) || isImage(declared) ? 'application/octet-stream' : declared;
}

/** The type that the download says: nothing that could run as a page of this origin. */
export function servedType(type: string): string {
  if (isInline(type)) return type;
  return /^text\/plain\b|^application\/(pdf|zip)$/.test(type) ? type : 'application/octet-stream';
}

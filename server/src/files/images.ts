import type { Sharp, SharpOptions } from 'sharp';

export interface CleanImage {
  content: Buffer;
  /** May differ from what came: TIFF becomes JPEG. */
  type: string;
  width: number;
  height: number;
  /** WebP. */
  thumbnail: Buffer;
  /** A few hundred bytes as a data URL, to be blurred. */
  preview: string;
}

/** The picture cannot be opened, or is too large to be opened safely. */
export class UnreadableImageError extends Error {
  override name = 'UnreadableImageError';
}

/** A picture of 1 MiB may unpack to gigabytes; 100 million pixels take 400 MB at most. */
const MAX_PIXELS = 100_000_000;
const MAX_SIDE = 8_192;
const THUMBNAIL_SIDE = 720;
const PREVIEW_SIDE = 16;
const AVATAR_SIDE = 256;

/** Loaded when the first picture comes: it brings a library of 20 MB. */
async function load(input: Buffer, options: SharpOptions = {}): Promise<Sharp> {
  const { default: sharp } = await import('sharp');
  // One picture at a time per thread of the pool, and nothing kept: the worker has other things to do.
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp(input, { limitInputPixels: MAX_PIXELS, failOn: 'error', ...options }).autoOrient();
}

/**
 * Writes the picture anew: turned upright, and without anything that tells where, when and with what it was taken (colour profiles
 * stay). Whatever hides behind the pixels is gone as well.
 */
export async function cleanImage(input: Buffer, type: string): Promise<CleanImage> {
  try {
    const animated = type === 'image/gif' || type === 'image/webp';
    const whole = (await load(input, { animated })).keepIccProfile();
    const limited = whole.resize({ width: MAX_SIDE, height: MAX_SIDE, fit: 'inside', withoutEnlargement: true });
    const { image, type: cleanType } = encode(limited, type);
    const content = await image.toBuffer();
    const { sharp, thumbnail } = { sharp: await load(content), thumbnail: await shrink(content, THUMBNAIL_SIDE, 80) };
    const { width, height } = await sharp.metadata();
    const tiny = await shrink(content, PREVIEW_SIDE, 40);
    return { content, type: cleanType, width, height, thumbnail, preview: `data:image/webp;base64,${tiny.toString('base64')}` };
  } catch (cause) {
    throw new UnreadableImageError('the image cannot be read', { cause });
  }
}

/** Of somebody else's page: smaller than what people upload, as nobody chose to open it. */
const PREVIEW_PIXELS = 25_000_000;
const CARD_SIDE = 800;

export type CardPicture = Pick<CleanImage, 'content' | 'width' | 'height' | 'preview'>;

/** The picture of a link preview as WebP, written anew; of an animation the first frame. */
export async function cardPicture(input: Buffer): Promise<CardPicture> {
  try {
    const image = await load(input, { limitInputPixels: PREVIEW_PIXELS });
    const { data, info } = await image
      .resize({ width: CARD_SIDE, height: CARD_SIDE, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 })
      .timeout({ seconds: 10 })
      .toBuffer({ resolveWithObject: true });
    const tiny = await shrink(data, PREVIEW_SIDE, 40);
    return { content: data, width: info.width, height: info.height, preview: `data:image/webp;base64,${tiny.toString('base64')}` };
  } catch (cause) {
    throw new UnreadableImageError('the image cannot be read', { cause });
  }
}

/** The middle of the picture, as a square. */
export async function squareAvatar(input: Buffer): Promise<Buffer> {
  try {
    const image = await load(input);
    return await image
      .resize({ width: AVATAR_SIDE, height: AVATAR_SIDE, fit: 'cover', position: 'centre' })
      .webp({ quality: 85 })
      .toBuffer();
  } catch (cause) {
    throw new UnreadableImageError('the image cannot be read', { cause });
  }
}

export async function shrink(input: Buffer, side: number, quality: number): Promise<Buffer> {
  const image = await load(input);
  return image.resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true }).webp({ quality }).toBuffer();
}

function encode(image: Sharp, type: string): { image: Sharp; type: string } {
  switch (type) {
    case 'image/png':
      return { image: image.png(), type };
    case 'image/webp':
      return { image: image.webp({ quality: 90 }), type };
    case 'image/gif':
      return { image: image.gif(), type };
    case 'image/avif':
      // More effort takes many seconds for a few percent.
      return { image: image.avif({ quality: 60, effort: 2 }), type };
    default:
      return { image: image.jpeg({ quality: 90 }), type: 'image/jpeg' };
  }
}

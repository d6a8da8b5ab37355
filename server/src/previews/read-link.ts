import type { LinkPreview } from '@chatcluster/protocol';
import { cardPicture, type CardPicture, UnreadableImageError } from '../files/images.ts';
import { SNIFF_BYTES, sniffType } from '../files/types.ts';
import { type SafeAnswer, type SafeFetch, SafeFetchError } from '../net/safe-fetch.ts';
import { decodePage } from './decode-page.ts';
import type { PageInfo } from './parse-page.ts';

export interface ReadLinkDeps {
  safeFetch: SafeFetch;
  /** How the installation names itself to others. */
  userAgent: string;
  /** Without it pictures are left out: nothing could keep them. */
  hasPictures: boolean;
  /** For the page, and again for its picture. @default 8_000 */
  timeoutMs?: number;
}

/** What is at a link: nothing worth showing (and for how long that may be taken for true), or texts and a picture. */
export type ReadLink =
  | { kind: 'nothing'; isLasting: boolean }
  | { kind: 'found'; texts: Omit<LinkPreview, 'image'>; picture: CardPicture | undefined };

const PAGE_BYTES = 512 * 1024;
const PICTURE_BYTES = 5 * 1024 * 1024;
const MAX_REDIRECTS = 5;
/** Smaller ones are signs and counters. */
const MIN_SIDE = 48;

const PAGE = /^(text\/html|application\/xhtml\+xml)\b/iu;
const PICTURE = /^image\/(jpeg|png|webp|gif|avif)\b/iu;
const pictures = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']);

type Head = Pick<SafeAnswer, 'status' | 'headers'>;
const typeOf = ({ headers }: Head) => headers['content-type'] ?? '';
const isOk = ({ status }: Head) => status >= 200 && status <= 299;

/** Reads what strangers put behind a link. Throws only the reason of `signal`. */
export function createReadLink({ safeFetch, userAgent, hasPictures, timeoutMs = 8_000 }: ReadLinkDeps) {
  const headers = (accept: string) => ({ 'user-agent': userAgent, accept, 'accept-language': 'en, *;q=0.5' });

  async function fetchPage(url: string, signal: AbortSignal): Promise<SafeAnswer | SafeFetchError> {
    const maxBytes = (head: Head) =>
      !isOk(head) ? 0 : PAGE.test(typeOf(head)) ? PAGE_BYTES : PICTURE.test(typeOf(head)) ? PICTURE_BYTES : 0;
    const accept = 'text/html, application/xhtml+xml, image/*;q=0.8';
    return safeFetch(url, { headers: headers(accept), timeoutMs, maxRedirects: MAX_REDIRECTS, maxBytes, signal }).catch(caught);
  }

  async function fetchPicture(url: string, signal: AbortSignal): Promise<CardPicture | undefined> {
    const maxBytes = (head: Head) => (isOk(head) ? PICTURE_BYTES : 0);
    const answer = await safeFetch(url, {
      headers: headers('image/webp, image/*;q=0.8'),
      timeoutMs,
      maxRedirects: MAX_REDIRECTS,
      maxBytes,
      signal,
    }).catch(caught);
    return answer instanceof SafeFetchError || !isOk(answer) ? undefined : toPicture(answer);
  }

  return async (link: string, signal: AbortSignal): Promise<ReadLink> => {
    const answer = await fetchPage(link, signal);
    if (answer instanceof SafeFetchError) return { kind: 'nothing', isLasting: answer.reason.startsWith('refused') };
    if (!isOk(answer)) return { kind: 'nothing', isLasting: answer.status < 500 && answer.status !== 429 };
    const host = new URL(answer.url).hostname.replace(/^www\./u, '');
    if (PICTURE.test(typeOf(answer))) {
      const picture = hasPictures ? await toPicture(answer) : undefined;
      return picture ? { kind: 'found', texts: { url: link, siteName: host }, picture } : { kind: 'nothing', isLasting: true };
    }
    if (!PAGE.test(typeOf(answer))) return { kind: 'nothing', isLasting: true };
    const { imageUrl, siteName = host, ...texts } = await parse(answer);
    const picture = imageUrl !== undefined && hasPictures ? await fetchPicture(imageUrl, signal) : undefined;
    if (texts.title === undefined && picture === undefined) return { kind: 'nothing', isLasting: true };
    return { kind: 'found', texts: { url: link, siteName, ...texts }, picture };
  };
}

function caught(error: unknown): SafeFetchError {
  if (error instanceof SafeFetchError) return error;
  throw error;
}

/** The parser is loaded with the first page. */
async function parse({ body, headers, url }: SafeAnswer): Promise<PageInfo> {
  const { parsePage } = await import('./parse-page.ts');
  return parsePage(decodePage(body, headers['content-type']), url);
}

/** By what it is, not by what it is called; SVG is none. */
async function toPicture({ body, truncated }: SafeAnswer): Promise<CardPicture | undefined> {
  if (truncated) return undefined;
  if (!pictures.has(await sniffType(body.subarray(0, SNIFF_BYTES), 'application/octet-stream'))) return undefined;
  try {
    const picture = await cardPicture(body);
    return picture.width >= MIN_SIDE && picture.height >= MIN_SIDE ? picture : undefined;
  } catch (error) {
    if (error instanceof UnreadableImageError) return undefined;
    throw error;
  }
}

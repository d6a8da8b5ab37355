import { Parser } from 'htmlparser2';

/** What a page says about itself; texts are cleaned and short. */
export interface PageInfo {
  title?: string;
  description?: string;
  siteName?: string;
  /** Absolute, http or https. */
  imageUrl?: string;
}

const MAX_TITLE = 200;
const MAX_DESCRIPTION = 300;
const MAX_SITE = 80;
/** Of one raw text: what is longer is cut before it is looked at. */
const MAX_RAW = 4_000;
/** No head has more; a stack of unclosed elements makes each further one dearer (half a MiB of them took 1.5 s). */
const MAX_ELEMENTS = 3_000;

/** Open Graph first, then Twitter's, then plain HTML. */
const titles = ['og:title', 'twitter:title', '<title>'];
const descriptions = ['og:description', 'twitter:description', 'description'];
const images = ['og:image:secure_url', 'og:image:url', 'og:image', 'twitter:image', 'twitter:image:src', '<image_src>'];

/** @param url where the page came from: what its addresses are relative to */
export function parsePage(html: string, url: string): PageInfo {
  const found = collect(html);
  const first = (names: string[], max: number) => names.map((name) => cleanText(found.get(name) ?? '', max)).find((text) => text !== '');
  const title = first(titles, MAX_TITLE);
  const description = first(descriptions, MAX_DESCRIPTION);
  const siteName = first(['og:site_name', 'application-name'], MAX_SITE);
  const imageUrl = images.map((name) => resolve(found.get(name), url)).find((address) => address !== undefined);
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && description !== title && { description }),
    ...(siteName !== undefined && { siteName }),
    ...(imageUrl !== undefined && { imageUrl }),
  };
}

/** The first value of each name, up to the end of the head. */
function collect(html: string): Map<string, string> {
  const found = new Map<string, string>();
  const note = (name: string, value: string | undefined) => {
    if (value !== undefined && value.trim() !== '' && !found.has(name)) found.set(name, value.slice(0, MAX_RAW));
  };
  let title: string | undefined;
  let isTitle = false;
  let elements = 0;
  const parser = new Parser({
    onopentag(tag, attributes) {
      elements += 1;
      if (tag === 'body' || elements > MAX_ELEMENTS) parser.pause();
      else if (tag === 'meta') note((attributes['property'] ?? attributes['name'] ?? '').trim().toLowerCase(), attributes['content']);
      else if (tag === 'link' && /(^|\s)image_src(\s|$)/iu.test(attributes['rel'] ?? '')) note('<image_src>', attributes['href']);
      // One inside of an SVG comes after the head.
      else if (tag === 'title') isTitle = title === undefined;
    },
    ontext(text) {
      if (isTitle && (title?.length ?? 0) < MAX_RAW) title = (title ?? '') + text;
    },
    onclosetag(tag) {
      if (tag === 'title') isTitle = false;
      else if (tag === 'head') parser.pause();
    },
  });
  parser.write(html);
  note('<title>', title);
  return found;
}

/** One line without what would break or turn the text around it. */
function cleanText(raw: string, max: number): string {
  const text = raw
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffd]/gu, '')
    .trim();
  const letters = [...text];
  return letters.length <= max
    ? text
    : `${letters
        .slice(0, max - 1)
        .join('')
        .trimEnd()}…`;
}

function resolve(address: string | undefined, base: string): string | undefined {
  if (address === undefined || !URL.canParse(address.trim(), base)) return undefined;
  const url = new URL(address.trim(), base);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url.href : undefined;
}

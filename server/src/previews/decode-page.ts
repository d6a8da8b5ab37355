const BOM: [string, number[]][] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];
/** Where the HTML standard looks for a declaration. */
const HEAD_BYTES = 1_024;
const IN_META = /<meta[^>]+charset\s*=\s*["']?\s*([\w:.-]{1,40})/iu;
const IN_HEADER = /charset\s*=\s*["']?\s*([\w:.-]{1,40})/iu;

/**
 * The text of a page by its byte order mark, its header, its first meta element, or else UTF-8, and windows-1252 for what is no UTF-8
 * (the order of the HTML standard). Never throws: a name that nobody knows counts as none.
 */
export function decodePage(body: Uint8Array, contentType: string | undefined): string {
  const mark = BOM.find(([, bytes]) => bytes.every((byte, i) => body[i] === byte));
  if (mark) return decode(body, mark[0])!;
  const head = new TextDecoder('latin1').decode(body.subarray(0, HEAD_BYTES));
  const declared = [IN_HEADER.exec(contentType ?? '')?.[1], fromMeta(head)];
  for (const label of declared) {
    const text = label === undefined ? undefined : decode(body, label);
    if (text !== undefined) return text;
  }
  return decode(body, 'utf-8', true) ?? decode(body, 'windows-1252')!;
}

/** A page that could be read so far is not UTF-16, whatever it says of itself. */
function fromMeta(head: string): string | undefined {
  const label = IN_META.exec(head)?.[1];
  return label !== undefined && /^utf-?16/iu.test(label) ? 'utf-8' : label;
}

/** undefined: no such encoding, or (fatal) not in it. What was cut off in the middle of a character is not an error. */
function decode(body: Uint8Array, label: string, fatal = false): string | undefined {
  try {
    return new TextDecoder(label, { fatal }).decode(body, { stream: true });
  } catch {
    return undefined;
  }
}

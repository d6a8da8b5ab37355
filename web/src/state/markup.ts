/** The Markdown subset of messages, parsed to data: the view never sets HTML. */
export type Span =
  | { kind: 'text'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; spans: Span[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'mention'; text: string };
export type Block = { kind: 'text' | 'quote'; spans: Span[] } | { kind: 'code'; text: string };

/** Nested marks are read this deep; deeper ones stay text, so that a hostile body costs no stack. */
const MAX_DEPTH = 3;
const MARKS = { '**': 'bold', '*': 'italic', _: 'italic', '~~': 'strike' } as const;
const INLINE = /`([^`\n]+)`|(https?:\/\/[^\s<>"']+)|(\*\*|~~|\*|(?<![\p{L}\p{N}])_)(?=\S)([^\n]+?)(?<=\S)\3(?![\p{L}\p{N}])/gu;

export function parseBody(body: string, mentionNames: readonly string[] = []): Block[] {
  const blocks: Block[] = [];
  const parts = body.split(/```(?:[\w-]*\n)?([\s\S]*?)```/u);
  parts.forEach((part, index) => {
    if (index % 2 === 1) blocks.push({ kind: 'code', text: part.replace(/\n$/u, '') });
    else blocks.push(...parseLines(part, mentionNames));
  });
  return blocks;
}

function parseLines(part: string, mentionNames: readonly string[]): Block[] {
  const text = part.replace(/^\n+|\n+$/gu, '');
  if (text === '') return [];
  const blocks: { kind: 'text' | 'quote'; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const kind = line.startsWith('> ') ? 'quote' : 'text';
    const last = blocks.at(-1);
    const content = kind === 'quote' ? line.slice(2) : line;
    if (last?.kind === kind) last.lines.push(content);
    else blocks.push({ kind, lines: [content] });
  }
  return blocks.map(({ kind, lines }) => ({ kind, spans: parseSpans(lines.join('\n'), mentionNames, 0) }));
}

function parseSpans(text: string, mentionNames: readonly string[], depth: number): Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) spans.push(...splitMentions(text.slice(end, match.index), mentionNames));
    const [whole, code, url, mark, inner] = match;
    end = match.index + whole.length;
    if (code !== undefined) spans.push({ kind: 'code', text: code });
    else if (url !== undefined) end = match.index + pushLink(spans, url);
    else if (depth < MAX_DEPTH && isMark(mark)) spans.push({ kind: MARKS[mark], spans: parseSpans(inner ?? '', mentionNames, depth + 1) });
    else spans.push({ kind: 'text', text: whole });
    if (url !== undefined && end < match.index + whole.length) {
      spans.push({ kind: 'text', text: text.slice(end, match.index + whole.length) });
      end = match.index + whole.length;
    }
  }
  if (end < text.length) spans.push(...splitMentions(text.slice(end), mentionNames));
  return spans;
}

function isMark(mark: string | undefined): mark is keyof typeof MARKS {
  return mark !== undefined && mark in MARKS;
}

/** Punctuation that ends a sentence is not part of its link. Returns the length that was used. */
function pushLink(spans: Span[], url: string): number {
  const clean = url.replace(/[.,;:!?)\]}*_~]+$/u, '');
  spans.push(URL.canParse(clean) ? { kind: 'link', text: clean, href: clean } : { kind: 'text', text: clean });
  return clean.length;
}

function splitMentions(text: string, names: readonly string[]): Span[] {
  const marks = names.filter(Boolean).map((name) => `@${name}`);
  const spans: Span[] = [];
  let rest = text;
  while (rest !== '') {
    const found = marks.map((mark) => ({ mark, at: rest.indexOf(mark) })).filter(({ at }) => at >= 0);
    const next = found.toSorted((a, b) => a.at - b.at || b.mark.length - a.mark.length)[0];
    if (!next) break;
    if (next.at > 0) spans.push({ kind: 'text', text: rest.slice(0, next.at) });
    spans.push({ kind: 'mention', text: next.mark });
    rest = rest.slice(next.at + next.mark.length);
  }
  if (rest !== '') spans.push({ kind: 'text', text: rest });
  return spans;
}

/** One line without marks, for lists and quotes. */
export function plainLine(body: string): string {
  return body
    .replace(/```[\w-]*\n?|\*\*|~~|`/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
}

/** As the web app makes links: the same characters, and none inside code. `<https://…>` is a link that wants no preview. */
const LINK = /(<)?(https?:\/\/[^\s<>"']+)/giu;
const CODE = /```[\s\S]*?```|`[^`\n]+`/gu;
/** What ends a sentence or closes a mark is not part of its link. */
const TRAILING = new Set('.,;:!?)]}*_~');

export interface FindLinks {
  /** At most this many; the rest have no preview. */
  limit: number;
  /** Pages of this origin ask for a session, and say nothing without one. */
  ownOrigin?: string | undefined;
}

/** The links of a body that are to have a preview, in their order, each once. */
export function findLinks(body: string, { limit, ownOrigin }: FindLinks): string[] {
  const found = new Set<string>();
  for (const [, bracket, raw = ''] of body.replace(CODE, ' ').matchAll(LINK)) {
    const link = trimmed(raw);
    if (bracket !== undefined || !URL.canParse(link) || new URL(link).origin === ownOrigin) continue;
    found.add(link);
    if (found.size === limit) break;
  }
  return [...found];
}

function trimmed(link: string): string {
  let end = link.length;
  while (end > 0 && TRAILING.has(link.charAt(end - 1))) end -= 1;
  return link.slice(0, end);
}

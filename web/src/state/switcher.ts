export interface Candidate {
  id: string;
  title: string;
  unread: number;
}

/** Letters in order are enough ("ge" finds "General"); a beginning beats a word inside, and that beats letters. */
function score(title: string, wanted: string): number {
  const lower = title.toLocaleLowerCase();
  if (lower.startsWith(wanted)) return 4;
  if (lower.split(/[\s\-_/,]+/u).some((word) => word.startsWith(wanted))) return 3;
  if (lower.includes(wanted)) return 2;
  let at = 0;
  for (const char of lower) if (char === wanted[at]) at += 1;
  return at === wanted.length ? 1 : 0;
}

/** Without a query: unread ones first. Otherwise the best matches; equal ones keep the order of the list. */
export function rankConversations(all: readonly Candidate[], query: string, limit: number): Candidate[] {
  const wanted = query.trim().toLocaleLowerCase();
  if (wanted === '') return all.toSorted((a, b) => Number(b.unread > 0) - Number(a.unread > 0)).slice(0, limit);
  return all
    .map((candidate) => ({ candidate, points: score(candidate.title, wanted) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, limit)
    .map(({ candidate }) => candidate);
}

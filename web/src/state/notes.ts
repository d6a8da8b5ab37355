import type { MemberData, Note } from '@chatcluster/protocol';

/** What a line between the messages says. */
type NoteWhat = MemberData['action'] | 'titled' | 'described' | 'undescribed' | 'archived' | 'unarchived';

/** One line between the messages: a note, or several in a row that say the same of different people. */
export interface NoteLine {
  key: string;
  at: string;
  actorId: string;
  what: NoteWhat;
  /** Whom it happened to, each once; empty when it is about the conversation. */
  userIds: readonly string[];
  /** The new title, description or role. */
  value: string;
}

/** The SDK keeps the identity of notes, so lines keep theirs. */
const lines = new WeakMap<Note, readonly NoteLine[]>();

/** A change of the conversation can say several things at once. */
export function linesOf(note: Note): readonly NoteLine[] {
  const known = lines.get(note) ?? makeLines(note);
  lines.set(note, known);
  return known;
}

function makeLines(note: Note): NoteLine[] {
  const { seq, at, actorId } = note;
  const line = (what: NoteWhat, value = '', userIds: string[] = []) => ({ key: `note-${seq}-${what}`, at, actorId, what, value, userIds });
  if (note.type === 'member') {
    const { action, userId, role } = note.data;
    return [line(action, action === 'role' ? role : '', [userId])];
  }
  const { title, topic, archived } = note.data;
  const made: NoteLine[] = [];
  if (title !== undefined) made.push(line('titled', title));
  if (topic !== undefined) made.push(topic === '' ? line('undescribed') : line('described', topic));
  if (archived !== undefined) made.push(line(archived ? 'archived' : 'unarchived'));
  return made;
}

/** One line for both; undefined: they say different things. */
export function joinLines(before: NoteLine, line: NoteLine): NoteLine | undefined {
  const isAlike = before.what === line.what && before.value === line.value && line.userIds.length > 0;
  const byThemselves = line.what === 'joined' || line.what === 'left';
  if (!isAlike || (!byThemselves && before.actorId !== line.actorId)) return undefined;
  return { ...before, userIds: [...new Set([...before.userIds, ...line.userIds])] };
}

/** What is read out now: of people who were added together all, not the last one. */
export function announceLines(before: readonly NoteLine[], note: Note): readonly NoteLine[] {
  const fresh = linesOf(note);
  const [last, first] = [before.at(-1), fresh[0]];
  const joined = last && first && last.at === first.at ? joinLines(last, first) : undefined;
  return joined ? [joined] : fresh;
}

import type { Talk } from '../people/account.ts';
import type { Story } from '../thread-calls.ts';
import { type Finding, findingKinds, type Late } from './verdict.ts';

const LINES = 200;
/** Comings and goings are told this long before the message and after it was noticed. */
const AROUND_MS = 30_000;

interface Told {
  atMs: number;
  text: string;
}

const isLate = (told: Finding | Late): told is Late => 'lateMs' in told;

/** The whole history of the first offending message, or of the latest delivery, one line per event, in the order of time. */
export function tellStory(
  finding: Finding | Late,
  parts: readonly Story[],
  { talk, userIds }: { talk: Talk; userIds: readonly string[] },
): string[] {
  const name = (user: number) => `person ${user} (${userIds[user]})`;
  const what = isLate(finding) ? `came ${Math.round(finding.lateMs)} ms late` : findingKinds[finding.kind];
  const owner = parts.find(({ ack }) => ack);
  const ack = owner?.ack;
  const zeroMs = ack?.intendedAtMs ?? finding.atMs;
  const events: Told[] = parts.flatMap(({ lines, pods }) =>
    lines
      .filter(({ atMs }) => atMs > zeroMs - AROUND_MS && atMs < Math.max(finding.atMs, zeroMs) + AROUND_MS)
      .map(({ atMs, user, what, pod }) => ({ atMs, text: `${name(user)}: ${what}${pod === undefined ? '' : ` (${pods[pod]})`}` })),
  );
  if (ack && owner) {
    events.push({ atMs: ack.intendedAtMs, text: `${name(ack.sender)}: meant to send it` });
    events.push({ atMs: ack.sentAtMs, text: `${name(ack.sender)}: sent it for the first time` });
    const tries = ack.attempts > 1 ? ` after ${ack.attempts} attempts` : '';
    events.push({ atMs: ack.ackedAtMs, text: `${name(ack.sender)}: acknowledged by ${owner.pods[ack.pod]} as seq ${ack.seq}${tries}` });
  }
  if (ack?.ackedAtMs !== finding.atMs) events.push({ atMs: finding.atMs, text: `noticed: ${what}` });
  events.sort((a, b) => a.atMs - b.atMs);
  return [
    `${what}: ${talk.kind} ${talk.id}, seq ${finding.seq}${finding.user === undefined ? '' : `, ${name(finding.user)}`}`,
    ack
      ? `sent by ${name(ack.sender)}, acknowledged by ${owner?.pods[ack.pod]}; ${talk.members.length} members`
      : 'nobody here was acknowledged for it',
    ...silentMembers(parts, talk, ack !== undefined).map((user) => `${name(user)}: nothing of it ever came`),
    ...events.slice(0, LINES).map(({ atMs, text }) => `${((atMs - zeroMs) / 1_000).toFixed(3).padStart(9)} s  ${text}`),
    ...(events.length > LINES ? [`and ${events.length - LINES} more events`] : []),
    ...(parts.some(({ forgotBeforeMs }) => forgotBeforeMs > zeroMs)
      ? ['the journal was too short for all of it; JOURNAL=<lines> makes it longer']
      : []),
  ];
}

const LISTED = 20;

function silentMembers(parts: readonly Story[], { members }: Talk, isAcknowledged: boolean): number[] {
  if (!isAcknowledged) return [];
  const heard = new Set(parts.flatMap(({ lines }) => lines.filter(({ what }) => /^(live|by sync)/.test(what)).map(({ user }) => user)));
  return members.filter((user) => !heard.has(user)).slice(0, LISTED);
}

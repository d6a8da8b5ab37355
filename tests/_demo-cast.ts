import { runSql } from '@chatcluster/tools/testing';
import { type Bot, createBot } from './_bot.ts';
import type { LocalCluster } from './_cluster.ts';

type Name = 'ada' | 'grace' | 'katherine' | 'alan' | 'margaret';
export type Cast = Record<Name, Bot & { token: string }>;
export interface Stage {
  cast: Cast;
  /** The group that most of it happens in, and what a thread is about. */
  launchId: string;
  questionId: string;
}

/** [who, what, more] */
type Line = readonly [Name, string, object?];

const launch: Line[] = [
  ['margaret', 'Guidance is signed off. The last simulation ran through **without a single restart** 🎉'],
  ['katherine', 'My numbers agree with the machine to the ninth digit. I checked all of them by hand, to be sure.'],
  ['alan', 'Of course you did.'],
  ['grace', 'I took a moth out of relay 70 this morning. It is taped into the log book now.'],
  ['ada', 'Thank you, all of you. The programme for Thursday:\n> demonstration at ten, questions at eleven'],
];
const answers: Line[] = [
  ['alan', 'The larger one. People will want to see the lights.'],
  ['katherine', 'The larger one, and chairs for forty.'],
  ['grace', 'I bring nanoseconds for everybody: 30 cm of wire each.'],
];
const others: { kind: 'group' | 'channel'; title: string; topic?: string; lines: Line[] }[] = [
  {
    kind: 'channel',
    title: 'Compilers',
    topic: 'From words to holes in cards',
    lines: [['grace', 'It compiles! In English, more or less.']],
  },
  {
    kind: 'group',
    title: 'Sunday hike',
    lines: [
      ['alan', 'I run there and meet you at the lake.'],
      ['katherine', 'It is 26 miles, Alan.'],
      ['alan', 'Yes, I may be a little late.'],
    ],
  },
];

/** Five people and what they said before the curtain rises, spread over the days before. */
export async function setStage({ frontUrl, databaseUrl }: LocalCluster): Promise<Stage> {
  const [ada, grace] = [await createBot(frontUrl, 'ada@example.com'), await createBot(frontUrl, 'grace@example.com')];
  const join = (name: string, displayName: string) => createBot(frontUrl, `${name}@example.com`, displayName);
  const [katherine, alan] = [await join('katherine', 'Katherine Johnson'), await join('alan', 'Alan Turing')];
  const margaret = await join('margaret', 'Margaret Hamilton');
  const cast = { ada, grace, katherine, alan, margaret };
  await runSql(databaseUrl, "update users set admin = true where email = 'ada@example.com'");
  const open = (body: object) => ada.call<{ id: string }>('POST', '/v1/conversations', { memberIds, ...body });
  const memberIds = [grace, katherine, alan, margaret].map(({ userId }) => userId);
  const said = async (conversationId: string, lines: readonly Line[], more: object = {}) => {
    const ids: string[] = [];
    for (const [who, body, own] of lines) ids.push((await cast[who].say(conversationId, body, { ...more, ...own })).id);
    return ids;
  };
  for (const { lines, ...body } of others) await said((await open(body)).id, lines);
  const direct = await ada.call<{ id: string }>('POST', '/v1/conversations', { kind: 'direct', memberIds: [margaret.userId] });
  await said(direct.id, [
    ['ada', 'Is the priority display ready?'],
    ['margaret', 'Ready and tested. It will ignore whatever does not matter.'],
  ]);
  const { id: launchId } = await open({ kind: 'group', title: 'Launch week', topic: 'Thursday, ten o’clock' });
  const ids = await said(launchId, launch);
  await spread(databaseUrl);
  const [questionId] = await said(launchId, [['margaret', 'Which room do we take? @Ada Lovelace', { mentions: [ada.userId] }]]);
  await said(launchId, answers, { threadRoot: questionId });
  await react(cast, launchId, ids, questionId!);
  return { cast, launchId, questionId: questionId! };
}

/** As if there had been a while between any two of them. */
async function spread(databaseUrl: string): Promise<void> {
  await runSql(
    databaseUrl,
    `update entries e set at = e.at - (c.last_seq - e.seq) * interval '37 minutes' - interval '25 minutes'
     from conversations c where c.id = e.conversation_id`,
  );
  await runSql(databaseUrl, `update conversations c set last_at = (select max(e.at) from entries e where e.conversation_id = c.id)`);
}

async function react(cast: Cast, launchId: string, ids: readonly string[], questionId: string): Promise<void> {
  const of = (name: Name, id: string, emoji: string) =>
    cast[name].call('PUT', `/v1/conversations/${launchId}/messages/${id}/reactions/${encodeURIComponent(emoji)}`);
  for (const name of ['ada', 'grace', 'alan'] as const) await of(name, ids[0]!, '🚀');
  for (const name of ['katherine', 'ada'] as const) await of(name, ids[0]!, '🎉');
  for (const name of ['margaret', 'katherine', 'ada', 'alan'] as const) await of(name, ids[3]!, '🦋');
  await of('grace', questionId, '👀');
  await cast.ada.call('PUT', `/v1/conversations/${launchId}/messages/${ids[4]}/pin`);
}

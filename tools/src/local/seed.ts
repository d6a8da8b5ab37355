import { ServiceError } from '../process.ts';

export const demoPassword = 'chatcluster';
export const demoUsers = [
  { email: 'ada@example.com', displayName: 'Ada Lovelace' },
  { email: 'grace@example.com', displayName: 'Grace Hopper' },
] as const;

interface Session {
  userId: string;
  accessToken: string;
}

/** Fixed ids make a second seeding find what the first one made. */
const fixedId = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

/** [author, text]; author 0 is Ada, 1 is Grace. */
type Line = readonly [0 | 1, string];

const direct: Line[] = [
  [1, 'Morning, Ada! Did the engine finish overnight?'],
  [0, 'It did, and the numbers agree with the table to the last digit.'],
  [1, 'Then we can show it on Thursday. I will bring the moth.'],
  [0, 'Please keep it away from the relays this time 🦋'],
];
const group: Line[] = [
  [0, 'I opened this group for the demonstration. Who writes the programme?'],
  [1, 'I will. A draft will be here by tonight.'],
  [0, 'Thank you! I take the notes, as always: A to G.'],
];
const channel: Line[] = [
  [1, 'Welcome! Everybody may join this channel and say hello.'],
  [0, 'Hello, world.'],
];

async function post(base: string, path: string, body: unknown, token?: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15_000),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

async function mustPost<T>(base: string, path: string, body: unknown, token?: string): Promise<T> {
  const answer = await post(base, path, body, token);
  if (answer.status >= 300)
    throw new ServiceError(`the demo data could not be written: POST ${path} answered ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

async function signIn(base: string, user: (typeof demoUsers)[number]): Promise<Session> {
  const credentials = { email: user.email, password: demoPassword, tokens: 'body' };
  const login = await post(base, '/v1/auth/login', credentials);
  const session = (
    login.status === 200 ? login.body : await mustPost(base, '/v1/auth/register', { ...credentials, displayName: user.displayName })
  ) as {
    user: { id: string };
    accessToken: string;
  };
  return { userId: session.user.id, accessToken: session.accessToken };
}

/** Writes demo users, conversations and messages; what is there already stays as it is. */
export async function seed(base: string): Promise<void> {
  const sessions: Session[] = [];
  for (const user of demoUsers) sessions.push(await signIn(base, user));
  const [ada, grace] = sessions as [Session, Session];
  const conversations = [
    { create: { kind: 'direct', memberIds: [grace.userId] }, lines: direct },
    { create: { kind: 'group', title: 'Analytical Engine', memberIds: [grace.userId] }, lines: group },
    { create: { kind: 'channel', title: 'General', memberIds: [grace.userId] }, lines: channel },
  ];
  for (const [i, { create, lines }] of conversations.entries()) {
    const { id } = await mustPost<{ id: string }>(base, '/v1/conversations', { ...create, clientId: fixedId(i + 1) }, ada.accessToken);
    for (const [j, [author, body]] of lines.entries()) {
      const session = author === 0 ? ada : grace;
      await mustPost(base, `/v1/conversations/${id}/messages`, { body, clientMsgId: fixedId(0x100 * (i + 1) + j) }, session.accessToken);
    }
  }
}

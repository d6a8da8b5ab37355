import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { kubectlProgram } from '../kubectl.ts';
import type { KubernetesCluster } from '../target.ts';

/** Longer than Redis is ever frozen here: a FLUSHALL that was sent to a frozen Redis happens later, and must not count as over before. */
const ANSWER_MS = 60_000;
const FORWARD_MS = 15_000;
const REDIS_PORT = 6_379;

/** A line, or the text behind its length; undefined while it has not all come. */
function takeReply(text: string): { reply: string; rest: string } | undefined {
  const end = text.indexOf('\r\n');
  if (end < 0) return undefined;
  const [line, rest] = [text.slice(0, end), text.slice(end + 2)];
  if (!line.startsWith('$')) return { reply: line.replace(/^[+:]/, ''), rest };
  const length = Number(line.slice(1));
  return rest.length < length + 2 ? undefined : { reply: rest.slice(0, length), rest: rest.slice(length + 2) };
}

function readReplies(text: string, count: number): string | undefined {
  let [left, last]: [string, string | undefined] = [text, undefined];
  for (let i = 0; i < count; i += 1) {
    const taken = takeReply(left);
    if (!taken) return undefined;
    [left, last] = [taken.rest, taken.reply];
  }
  return last;
}

/** One command in Redis's own words; a whole client would be a dependency for one line. */
export async function askRedis(url: string, command: string[], { timeoutMs = ANSWER_MS } = {}): Promise<string> {
  const { hostname, port, username, password } = new URL(url.split(',')[0]!);
  const auth = password ? [['AUTH', ...(username ? [username] : []), decodeURIComponent(password)]] : [];
  const encode = (words: string[]) => `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: hostname, port: Number(port) || REDIS_PORT });
  let text = '';
  socket.setTimeout(timeoutMs, () => reject(new Error('Redis does not answer')));
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('Redis closed the connection')));
  socket.on('data', (data) => {
    text += data.toString();
    const reply = readReplies(text, auth.length + 1);
    if (reply !== undefined) resolve(reply);
  });
  socket.write([...auth, command].map(encode).join(''));
  try {
    const answer = await promise;
    if (answer.startsWith('-')) throw new Error(`Redis refused ${command[0]}: ${answer.slice(1)}`);
    return answer;
  } finally {
    socket.destroy();
  }
}

/** A port of this machine that leads to Redis in a pod: its image has neither a shell nor a client. */
export async function forwardToRedis({ kubeconfig, namespace }: KubernetesCluster, pod: string): Promise<{ port: number } & Disposable> {
  const args = ['--kubeconfig', kubeconfig, '--namespace', namespace, 'port-forward', pod, `:${REDIS_PORT}`];
  const child = spawn(await kubectlProgram(), args, { stdio: ['ignore', 'pipe', 'ignore'], timeout: FORWARD_MS });
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let text = '';
  child.stdout.on('data', (data: Buffer) => {
    text += data.toString();
    const port = /^Forwarding from 127\.0\.0\.1:(\d+)/m.exec(text)?.[1];
    if (port) resolve(Number(port));
  });
  child.once('error', reject);
  child.once('exit', () => reject(new Error(`kubectl could not reach ${pod}`)));
  return { port: await promise, [Symbol.dispose]: () => void child.kill() };
}

import type { Client } from './client.ts';
import { Ledger } from './ledger.ts';
import { countMessages, parseEvent } from './packets.ts';
import type { Recorder } from './recorder.ts';

/** Before the body of a followed message: mark, mark of the message, moment of sending. */
const FOLLOWED = 'k6!';

export interface CrowdDeps {
  clients: readonly Client[];
  /** By client: the conversation it is in, and the clients who are in it. */
  groupOf: readonly { conversationId: string; members: readonly number[] }[];
  recorder: Recorder;
  sampleEvery: number;
  lossAfterMs: number;
  bodyChars: number;
  /** Differs for every VU and run; 24 hexadecimal digits. */
  idPrefix: string;
  nowMs(): number;
  random(): number;
}

/** A UUID of version 4's form: the sender promises only that it is new. */
export function messageId(prefix: string, count: number): string {
  const hex = `${prefix}${count.toString(16).padStart(8, '0')}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The clients of one VU: who sends, and what became of what was sent. */
export class Crowd {
  readonly #deps: CrowdDeps;
  readonly #ledger: Ledger;
  readonly #padding: string;
  #sent = 0;

  constructor(deps: CrowdDeps) {
    this.#deps = deps;
    this.#ledger = new Ledger({ lossAfterMs: deps.lossAfterMs });
    this.#padding = 'lunch is at twelve as usual '.repeat(Math.ceil(deps.bodyChars / 28)).slice(0, deps.bodyChars);
  }

  /** Sends or followed deliveries whose end is not known. */
  get isSettled(): boolean {
    return this.#ledger.size === 0 && this.#deps.clients.every((client) => client.pending === 0);
  }

  /** From a random client that is connected; false when there is none. */
  send(): boolean {
    const { clients, random } = this.#deps;
    const first = Math.floor(random() * clients.length);
    for (let i = 0; i < clients.length; i += 1) {
      const index = (first + i) % clients.length;
      if (!clients[index]!.isReady) continue;
      this.#sendFrom(index);
      return true;
    }
    return false;
  }

  onFrame(member: number, text: string): void {
    this.#deps.recorder.delivered(countMessages(text));
    if (text.includes(FOLLOWED)) this.#onFollowed(member, text);
  }

  onOffline(member: number): void {
    this.#ledger.gone(member);
  }

  sweep(): void {
    const lost = this.#ledger.sweep(this.#deps.nowMs());
    if (lost > 0) this.#deps.recorder.lost(lost);
  }

  #sendFrom(index: number): void {
    const { clients, groupOf, recorder, sampleEvery, idPrefix, nowMs } = this.#deps;
    const { conversationId, members } = groupOf[index]!;
    const clientMsgId = messageId(idPrefix, (this.#sent += 1));
    const isFollowed = this.#sent % sampleEvery === 0;
    const now = nowMs();
    const reachable = isFollowed ? members.filter((member) => clients[member]!.isReady) : [];
    if (isFollowed) this.#ledger.sent(clientMsgId, reachable, now);
    const body = isFollowed ? `${FOLLOWED}${clientMsgId}!${now} ${this.#padding}` : this.#padding;
    clients[index]!.emit('message:send', { conversationId, clientMsgId, body }, (answer, ms) => {
      if (answer?.ok) {
        recorder.acknowledged(ms);
        if (isFollowed) recorder.expected(reachable.length);
        return this.#ledger.acked(clientMsgId);
      }
      this.#ledger.refused(clientMsgId);
      if (answer) recorder.refused(answer.error.code);
      else recorder.unanswered();
    });
  }

  #onFollowed(member: number, text: string): void {
    const { recorder, nowMs } = this.#deps;
    const { entries } = parseEvent(text).payload as { entries: { data: { body?: string } }[] };
    for (const { data } of entries) {
      if (!data.body?.startsWith(FOLLOWED)) continue;
      const [, mark = '', rest = ''] = data.body.split('!', 3);
      if (this.#ledger.received(mark, member)) recorder.followed(nowMs() - Number(rest.split(' ', 1)[0]));
    }
  }
}

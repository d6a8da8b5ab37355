import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { eventually } from '@chatcluster/tools/testing';

export interface ReceivedMail {
  to: string;
  subject: string;
  messageId: string;
  /** The plain text. */
  text: string;
  html: string;
  /** First link of the text. */
  link: string;
}

export interface TestSmtp extends AsyncDisposable {
  url: string;
  mails: ReceivedMail[];
  /** Answers to recipients with this code until it is undefined again. */
  refusal: { code: number; text: string } | undefined;
  /** Takes mails over and breaks the connection instead of saying so. */
  losesAnswers: boolean;
  /** The n-th mail (from 1) to this address, when it has come. */
  mail(to: string, n?: number): Promise<ReceivedMail>;
  stop(): Promise<void>;
  /** On the same port. */
  start(): Promise<void>;
}

/** A real mail server that keeps what it gets. */
export async function startSmtp(): Promise<TestSmtp> {
  let server: SMTPServer | undefined;
  let port = 0;
  const smtp: TestSmtp = {
    url: '',
    mails: [],
    refusal: undefined,
    losesAnswers: false,
    mail: (to, n = 1) =>
      eventually(() => smtp.mails.filter((mail) => mail.to === to)[n - 1], { deadlineMs: 20_000, message: `no mail ${n} to ${to}` }),
    async start() {
      server = new SMTPServer({
        authOptional: true,
        disabledCommands: ['AUTH', 'STARTTLS'],
        logger: false,
        onRcptTo: (_address, _session, done) => {
          const { refusal } = smtp;
          done(refusal ? Object.assign(new Error(refusal.text), { responseCode: refusal.code }) : null);
        },
        onData(stream, session, done) {
          const chunks: Buffer[] = [];
          stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
          stream.on('end', () => {
            smtp.mails.push(parse(Buffer.concat(chunks).toString('utf8'), session.envelope.rcptTo[0]?.address ?? ''));
            // 421 ends the connection; what was taken over stays.
            if (smtp.losesAnswers) done(Object.assign(new Error('going away'), { responseCode: 421 }));
            else done();
          });
        },
      });
      // A client that goes away in the middle is part of the tests.
      server.on('error', () => undefined);
      const listening = server.listen(port, '127.0.0.1');
      await once(listening, 'listening');
      port = (listening.address() as AddressInfo).port;
      smtp.url = `smtp://127.0.0.1:${port}`;
    },
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server?.close(resolve);
      await promise;
    },
    [Symbol.asyncDispose]: () => smtp.stop(),
  };
  await smtp.start();
  return smtp;
}

function parse(raw: string, to: string): ReceivedMail {
  const at = raw.indexOf('\r\n\r\n');
  const headers = raw.slice(0, at).replaceAll(/\r\n[ \t]+/g, ' ');
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1]?.trim() ?? '';
  const parts = raw.slice(at).split(/\r\n--[^\r\n]+/);
  const part = (type: string) => decodePart(parts.find((each) => each.includes(`Content-Type: ${type}`)) ?? '');
  const text = part('text/plain');
  return {
    to,
    subject: decodeWords(header('Subject')),
    messageId: header('Message-ID'),
    text,
    html: part('text/html'),
    link: /https?:\S+/.exec(text)?.[0] ?? '',
  };
}

function decodePart(part: string): string {
  const body = part.slice(part.indexOf('\r\n\r\n') + 4);
  if (/Content-Transfer-Encoding: base64/i.test(part)) return Buffer.from(body, 'base64').toString('utf8');
  if (/Content-Transfer-Encoding: quoted-printable/i.test(part)) return decodeQuoted(body.replaceAll('=\r\n', ''));
  return body;
}

function decodeQuoted(text: string): string {
  return Buffer.from(
    text.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');
}

function decodeWords(text: string): string {
  return text.replaceAll(/=\?utf-8\?([QB])\?([^?]*)\?=\s*/gi, (_, kind: string, word: string) =>
    kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64').toString('utf8') : decodeQuoted(word.replaceAll('_', ' ')),
  );
}

import { createTransport } from 'nodemailer';
import type { RenderedMail } from './render.ts';

export interface MailerOptions {
  /** smtp:// or smtps://, credentials included. */
  smtpUrl: string;
  /** `Name <address>` or an address. */
  from: string;
}

export interface Mail extends RenderedMail {
  to: string;
  /** The same for every attempt at one mail: mail servers and readers tell a repetition by it. */
  id: string;
  headers?: Record<string, string>;
}

/** The mail server has said that this mail will never be taken. */
export class MailRefusedError extends Error {
  override name = 'MailRefusedError';
}

export interface Mailer {
  /** Resolves when the mail server has taken it over. Throws MailRefusedError, or anything else that may pass. */
  send(mail: Mail): Promise<void>;
}

/** A connection per mail: there are few, and a kept one would often be dead when it is wanted. */
export function createMailer({ smtpUrl, from }: MailerOptions): Mailer {
  const transport = createTransport(
    {
      url: smtpUrl,
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 20_000,
      disableFileAccess: true,
      disableUrlAccess: true,
    },
    { from },
  );
  const host = /@([\w.-]+)>?$/.exec(from)?.[1] ?? 'localhost';
  return {
    async send({ to, id, subject, text, html, headers }) {
      try {
        await transport.sendMail({
          // As an object: a display name or a list smuggled into an address stays part of the one address.
          to: { name: '', address: to },
          subject,
          text,
          html,
          messageId: `<${id}@${host}>`,
          headers: { 'Auto-Submitted': 'auto-generated', ...headers },
        });
      } catch (error) {
        throw isRefusal(error) ? new MailRefusedError((error as Error).message, { cause: error }) : error;
      }
    },
  };
}

/** A 5xx answer to the recipient or the text. One to the credentials or the sender is a setting that somebody will mend. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { responseCode, command } = error as Error & { responseCode?: number; command?: string };
  return responseCode !== undefined && responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA');
}

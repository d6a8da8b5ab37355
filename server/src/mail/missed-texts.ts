import type { MailLanguage } from './account-texts.ts';

/** Of mails about missed messages. */
export interface MissedTexts {
  one(name: string): string;
  many(count: number): string;
  button: string;
  unsubscribe(url: string): string;
  /** Of the page that the link leads to. */
  ask: string;
  done: string;
}

export const missedTexts: Readonly<Record<MailLanguage, MissedTexts>> = {
  en: {
    one: (name) => `${name} wrote to you`,
    many: (count) => `${count} messages for you`,
    button: 'Open the conversation',
    unsubscribe: (url) => `No more mails like this: ${url}`,
    ask: 'Send me no more mails about missed messages',
    done: 'Done. You will get no more mails about missed messages.',
  },
  de: {
    one: (name) => `${name} hat Ihnen geschrieben`,
    many: (count) => `${count} Nachrichten für Sie`,
    button: 'Unterhaltung öffnen',
    unsubscribe: (url) => `Keine solchen Mails mehr: ${url}`,
    ask: 'Keine Mails mehr über verpasste Nachrichten',
    done: 'Erledigt. Sie erhalten keine Mails mehr über verpasste Nachrichten.',
  },
};

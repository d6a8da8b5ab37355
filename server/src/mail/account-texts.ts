import type { MailContent } from './render.ts';

export const mailLanguages = ['en', 'de'] as const;
export type MailLanguage = (typeof mailLanguages)[number];

/** The one of our languages that such a person reads; undefined: the locale is not known. */
export function mailLanguageOf(locale: string | null | undefined): MailLanguage | undefined {
  if (!locale) return undefined;
  const language = locale.split('-')[0]!.toLowerCase();
  return mailLanguages.find((one) => one === language) ?? 'en';
}

/** Mails with a link. */
export const linkMails = ['sign-up', 'upgrade', 'email', 'reset'] as const;
export type LinkMail = (typeof linkMails)[number];

/** Mails that tell what has happened to an account. */
export const notices = [
  'welcome',
  'known-address',
  'password-changed',
  'email-changed',
  'totp-on',
  'totp-off',
  'recovery-code-used',
] as const;
export type Notice = (typeof notices)[number];

interface Words {
  subject: string;
  lead: string;
  button?: string;
  note: string;
}

type Texts = Readonly<Record<LinkMail | Notice, Words>> & { hello: string };

const notYou = 'If this was not you, reset your password and end the sessions that you do not know.';
const en: Texts = {
  hello: 'Hello {name},',
  'sign-up': {
    subject: 'Confirm your address',
    lead: 'somebody, hopefully you, wants to create an account with this address. Confirm it to get started.',
    button: 'Create my account',
    note: 'The link works once and for 24 hours. If you did not ask for it, ignore this mail: no account is made without you.',
  },
  upgrade: {
    subject: 'Confirm your address',
    lead: 'confirm this address to turn your guest account into one of your own. Your conversations stay with you.',
    button: 'Keep my account',
    note: 'The link works once and for 24 hours. If you did not ask for it, ignore this mail.',
  },
  email: {
    subject: 'Confirm your new address',
    lead: 'confirm that your account shall use this address from now on.',
    button: 'Use this address',
    note: 'The link works once and for 24 hours. If you did not ask for it, ignore this mail.',
  },
  reset: {
    subject: 'Choose a new password',
    lead: 'somebody, hopefully you, asked to reset the password of your account.',
    button: 'Choose a new password',
    note: 'The link works once and for 30 minutes. If you did not ask for it, ignore this mail: your password stays as it is.',
  },
  welcome: {
    subject: 'Welcome',
    lead: 'your account is ready. Write to someone, or look for a channel that interests you.',
    button: 'Open the chat',
    note: 'You can change your password and switch on a second factor in your settings.',
  },
  'known-address': {
    subject: 'You already have an account',
    lead: 'somebody, hopefully you, tried to use this address for an account, but it belongs to yours. Nothing was changed.',
    button: 'Sign in',
    note: 'If you forgot your password, choose a new one on the sign-in page.',
  },
  'password-changed': {
    subject: 'Your password was changed',
    lead: 'the password of your account was changed and the other sessions were ended.',
    note: notYou,
  },
  'email-changed': { subject: 'Your address was changed', lead: 'your account uses another e-mail address from now on.', note: notYou },
  'totp-on': {
    subject: 'Second factor switched on',
    lead: 'signing in to your account needs a code of your authenticator app from now on.',
    note: notYou,
  },
  'totp-off': { subject: 'Second factor switched off', lead: 'signing in to your account needs no second factor any more.', note: notYou },
  'recovery-code-used': {
    subject: 'A recovery code was used',
    lead: 'somebody signed in to your account with one of your recovery codes.',
    note: notYou,
  },
};

const nichtSie = 'Wenn Sie das nicht waren, setzen Sie Ihr Passwort zurück und beenden Sie die Sitzungen, die Sie nicht kennen.';
const de: Texts = {
  hello: 'Guten Tag {name},',
  'sign-up': {
    subject: 'Bestätigen Sie Ihre Adresse',
    lead: 'jemand, hoffentlich Sie, möchte mit dieser Adresse ein Konto anlegen. Bestätigen Sie sie, um zu beginnen.',
    button: 'Mein Konto anlegen',
    note: 'Der Link gilt einmal und 24 Stunden lang. Wenn Sie ihn nicht angefordert haben, ignorieren Sie diese Mail: Ohne Sie entsteht kein Konto.',
  },
  upgrade: {
    subject: 'Bestätigen Sie Ihre Adresse',
    lead: 'bestätigen Sie diese Adresse, damit aus Ihrem Gastzugang ein eigenes Konto wird. Ihre Unterhaltungen bleiben Ihnen.',
    button: 'Mein Konto behalten',
    note: 'Der Link gilt einmal und 24 Stunden lang. Wenn Sie ihn nicht angefordert haben, ignorieren Sie diese Mail.',
  },
  email: {
    subject: 'Bestätigen Sie Ihre neue Adresse',
    lead: 'bestätigen Sie, dass Ihr Konto von jetzt an diese Adresse verwenden soll.',
    button: 'Diese Adresse verwenden',
    note: 'Der Link gilt einmal und 24 Stunden lang. Wenn Sie ihn nicht angefordert haben, ignorieren Sie diese Mail.',
  },
  reset: {
    subject: 'Wählen Sie ein neues Passwort',
    lead: 'jemand, hoffentlich Sie, möchte das Passwort Ihres Kontos zurücksetzen.',
    button: 'Neues Passwort wählen',
    note: 'Der Link gilt einmal und 30 Minuten lang. Wenn Sie ihn nicht angefordert haben, ignorieren Sie diese Mail: Ihr Passwort bleibt, wie es ist.',
  },
  welcome: {
    subject: 'Willkommen',
    lead: 'Ihr Konto ist bereit. Schreiben Sie jemandem, oder suchen Sie einen Kanal, der Sie interessiert.',
    button: 'Chat öffnen',
    note: 'In den Einstellungen können Sie Ihr Passwort ändern und einen zweiten Faktor einschalten.',
  },
  'known-address': {
    subject: 'Sie haben schon ein Konto',
    lead: 'jemand, hoffentlich Sie, wollte diese Adresse für ein Konto verwenden, aber sie gehört zu Ihrem. Es wurde nichts geändert.',
    button: 'Anmelden',
    note: 'Wenn Sie Ihr Passwort vergessen haben, wählen Sie auf der Anmeldeseite ein neues.',
  },
  'password-changed': {
    subject: 'Ihr Passwort wurde geändert',
    lead: 'das Passwort Ihres Kontos wurde geändert, und die anderen Sitzungen wurden beendet.',
    note: nichtSie,
  },
  'email-changed': {
    subject: 'Ihre Adresse wurde geändert',
    lead: 'Ihr Konto verwendet von jetzt an eine andere E-Mail-Adresse.',
    note: nichtSie,
  },
  'totp-on': {
    subject: 'Zweiter Faktor eingeschaltet',
    lead: 'die Anmeldung an Ihrem Konto braucht von jetzt an einen Code Ihrer Authenticator-App.',
    note: nichtSie,
  },
  'totp-off': {
    subject: 'Zweiter Faktor ausgeschaltet',
    lead: 'die Anmeldung an Ihrem Konto braucht keinen zweiten Faktor mehr.',
    note: nichtSie,
  },
  'recovery-code-used': {
    subject: 'Ein Wiederherstellungscode wurde benutzt',
    lead: 'jemand hat sich mit einem Ihrer Wiederherstellungscodes an Ihrem Konto angemeldet.',
    note: nichtSie,
  },
};

const texts: Readonly<Record<MailLanguage, Texts>> = { en, de };

/** `url` is where the button leads, in mails that have one. */
export function accountMail(which: LinkMail | Notice, to: { language: MailLanguage; name: string; url: string }): MailContent {
  const { hello, [which]: words } = texts[to.language];
  return {
    subject: words.subject,
    paragraphs: [hello.replace('{name}', () => to.name), words.lead.charAt(0).toUpperCase() + words.lead.slice(1)],
    ...(words.button ? { button: { label: words.button, url: to.url } } : {}),
    notes: [words.note],
    language: to.language,
  };
}

export interface MailContent {
  subject: string;
  /** Plain text, one paragraph each. */
  paragraphs: readonly string[];
  button?: { label: string; url: string };
  /** Below the button, smaller. */
  notes?: readonly string[];
  /** For who reads it aloud or hyphenates it. */
  language: 'en' | 'de';
}

export interface RenderedMail {
  subject: string;
  text: string;
  html: string;
}

/** Text and HTML of one mail. Everything is escaped: names in it were chosen by strangers. */
export function renderMail({ subject, paragraphs, button, notes = [], language }: MailContent, appName = 'Chat Cluster'): RenderedMail {
  const oneLine = subject.replaceAll(/[\r\n]+/g, ' ');
  const text = [...paragraphs, ...(button ? [`${button.label}:\n${button.url}`] : []), ...notes, `-- \n${appName}`].join('\n\n');
  return { subject: oneLine, text: `${text}\n`, html: toHtml({ subject: oneLine, paragraphs, button, notes, language }, appName) };
}

const body = 'margin:0;padding:32px 16px;background:#f4f5f7;font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;color:#1c2024';
const card = 'max-width:480px;margin:0 auto;padding:32px;background:#ffffff;border-radius:12px';
const link =
  'display:inline-block;padding:12px 20px;border-radius:8px;background:#3b5bdb;color:#ffffff;text-decoration:none;font-weight:600';

function toHtml({ subject, paragraphs, button, notes = [], language }: MailContent, appName: string): string {
  const p = (text: string, style = 'margin:0 0 16px') => `<p style="${style}">${escape(text)}</p>`;
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escape(subject)}</title></head><body style='${body}'>`,
    `<div style="${card}">`,
    `<h1 style="margin:0 0 16px;font-size:20px;line-height:28px">${escape(subject)}</h1>`,
    ...paragraphs.map((text) => p(text)),
    ...(button ? [`<p style="margin:24px 0"><a href="${escape(button.url)}" style="${link}">${escape(button.label)}</a></p>`] : []),
    ...notes.map((text) => p(text, 'margin:0 0 8px;font-size:14px;color:#60646c')),
    `<p style="margin:24px 0 0;font-size:13px;color:#60646c">${escape(appName)}</p>`,
    '</div></body></html>',
  ].join('\n');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
}

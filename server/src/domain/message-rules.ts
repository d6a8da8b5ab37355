import type { ErrorCode } from '@chatcluster/protocol';

/** Code points, counted without building an array for the usual short body. */
export function countCodePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      count -= 1;
      i += 1;
    }
  }
  return count;
}

export type BodyDecision = { ok: true } | { ok: false; code: ErrorCode; message: string };

export function decideBody(
  body: string,
  attachments: number,
  limits: { messageMaxChars: number; attachmentsPerMessage: number },
): BodyDecision {
  if (attachments > limits.attachmentsPerMessage) {
    return { ok: false, code: 'invalid', message: `A message may have at most ${limits.attachmentsPerMessage} attachments.` };
  }
  if (body.trim() === '' && attachments === 0) return { ok: false, code: 'invalid', message: 'A message needs text or an attachment.' };
  if (body.length > limits.messageMaxChars && countCodePoints(body) > limits.messageMaxChars) {
    return { ok: false, code: 'too_large', message: `A message may have at most ${limits.messageMaxChars} characters.` };
  }
  return { ok: true };
}

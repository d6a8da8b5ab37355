import { z } from 'zod';
import { CHANGES_PAGE, HISTORY_PAGE } from './limits.ts';
import { notificationSchemas } from './notification-schemas.ts';
import { safetySchemas } from './safety-schemas.ts';
import { eventSchemas, seq, text, uuid } from './socket-schemas.ts';

const email = z
  .email()
  .max(254)
  .transform((e) => e.toLowerCase());
/** No composition rules (NIST SP 800-63B); the upper bound caps the hashing work. */
const password = z.string().min(8).max(256);
const displayName = text.trim().min(1).max(80);
const title = text.trim().min(1).max(120);
const topic = text.max(1_000);
const role = z.enum(['owner', 'admin', 'member', 'readonly']);
const tokens = z.enum(['cookie', 'body']).optional();
const deviceId = text.max(200).optional();
const webUrl = text.max(2_000).refine((raw) => {
  if (!URL.canParse(raw)) return false;
  const { protocol, username, password } = new URL(raw);
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}, 'must be an http or https URL without a user name');
/** A BCP 47 tag, such as `de` or `pt-BR`. */
const locale = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, 'must be a language tag');
/** ISO 8601 with any offset. */
const time = z.iso.datetime({ offset: true });
const query = (max: number) => z.coerce.number().int().min(1).max(max).optional();
const querySeq = z.coerce.number().pipe(seq).optional();
/** Without a path, and without what could turn the text around it. */
const fileName = text
  .transform((name) =>
    name
      .replace(/^.*[\\/]/, '')
      .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '')
      .trim(),
  )
  .pipe(z.string().min(1).max(255));
const { messageId: _m, conversationId: _c, ...edit } = eventSchemas['message:edit'].shape;
const { conversationId: _s, ...send } = eventSchemas['message:send'].shape;

/** What was found for a challenge of GET /v1/auth/challenge. */
const proof = z.object({ challenge: z.string().max(200), nonce: z.string().max(64) }).optional();
/** Of a mail. */
const mailToken = z.string().min(1).max(128);
/** Of an authenticator app, or a recovery code. */
const code = z.string().min(1).max(64);
const givenPassword = z.string().min(1).max(256);

/** Bodies and queries of the REST routes, by operation id. */
export const restSchemas = {
  ...safetySchemas,
  register: z.object({ email, password, displayName, proof, tokens, deviceId }),
  ...notificationSchemas,
  login: z.object({ email, password: z.string().min(1).max(256), tokens, deviceId }),
  guest: z.object({ displayName: displayName.optional(), proof, tokens, deviceId }),
  refresh: z.object({ refreshToken: z.string().max(1_024).optional() }),
  changePassword: z.object({ currentPassword: z.string().min(1).max(256), newPassword: password }),
  forgotPassword: z.object({ email }),
  resetPassword: z.object({ token: mailToken, password }),
  verifyEmail: z.object({ token: mailToken, tokens, deviceId }),
  changeEmail: z.object({ email, password: givenPassword.optional() }),
  upgrade: z.object({ email, password }),
  /** With a code: switches on what a call without one has set up. */
  turnTotpOn: z.object({ password: givenPassword.optional(), code: code.optional() }),
  /** Accounts without a password leave it out; see the answer `forbidden` with `details.reason: "sign_in_again"`. */
  deleteMe: z.object({ password: givenPassword.optional() }),
  turnTotpOff: z.object({ password: givenPassword.optional(), code: code.optional() }),
  becomeAdmin: z.object({ token: z.string().min(1).max(256) }),
  verifyTotp: z.object({ mfaToken: z.string().max(256), code, tokens, deviceId }),
  startProvider: z.object({ returnTo: z.string().max(512).optional() }),
  patchMe: z.object({ displayName: displayName.optional(), statusText: text.max(140).optional(), locale: locale.optional() }),
  searchUsers: z.object({ q: text.max(100).default(''), cursor: z.string().max(512).optional(), limit: query(100) }),
  createConversation: z.object({
    kind: z.enum(['direct', 'group', 'channel']),
    title: title.optional(),
    topic: topic.optional(),
    memberIds: z.array(uuid).max(1_000).optional(),
    history: z.enum(['all', 'joined']).optional(),
    clientId: uuid.optional(),
  }),
  patchConversation: z.object({ title: title.optional(), topic: topic.optional(), archived: z.boolean().optional() }),
  addMembers: z.object({ userIds: z.array(uuid).min(1).max(1_000), role: role.optional() }),
  patchMember: z.object({ role }),
  listPage: z.object({ cursor: z.string().max(4_096).optional(), limit: query(CHANGES_PAGE) }),
  changes: z.object({ since: z.string().max(8_192).optional(), limit: query(CHANGES_PAGE) }),
  sync: eventSchemas.sync,
  read: z.object({ seq }),
  patchConversationMe: z.object({ level: z.enum(['all', 'mentions', 'none']).optional(), favourite: z.boolean().optional() }),
  browseChannels: z.object({ q: text.max(100).default(''), cursor: z.string().max(512).optional(), limit: query(100) }),
  history: z
    .object({ before: querySeq, after: querySeq, around: querySeq, thread: uuid.optional(), limit: query(HISTORY_PAGE) })
    .refine((h) => [h.before, h.after, h.around].filter((s) => s !== undefined).length <= 1, 'give at most one of before, after, around')
    .refine((h) => h.thread === undefined || h.around === undefined, 'a thread is read by before or after'),
  createInvite: z.object({
    /** Seconds; a week unless said otherwise, a year at most. */
    expiresIn: z.number().int().min(60).max(31_536_000).optional(),
    maxUses: z.number().int().min(1).max(10_000).optional(),
    clientId: uuid.optional(),
  }),
  /** With `url`: entries are sent there. Without: an address is made that others may send messages to. */
  createWebhook: z.object({
    url: webUrl.optional(),
    events: z
      .array(z.enum(['message', 'edit', 'delete', 'reaction', 'pin', 'member', 'conversation']))
      .min(1)
      .max(7)
      .optional(),
    secret: text.min(16).max(200).optional(),
    name: text.trim().min(1).max(80).optional(),
    clientId: uuid.optional(),
  }),
  patchWebhook: z.object({ enabled: z.boolean() }),
  hook: z.object({ text: eventSchemas['message:send'].shape.body, clientMsgId: uuid.optional() }),
  createBot: z.object({ displayName }),
  search: z
    .object({
      q: text.max(500).default(''),
      conversationId: uuid.optional(),
      from: uuid.optional(),
      before: time.optional(),
      after: time.optional(),
      has: z.enum(['file']).optional(),
      cursor: z.string().max(512).optional(),
      limit: query(50),
    })
    .refine(
      (s) => s.q.trim() !== '' || s.conversationId !== undefined || s.from !== undefined || s.has !== undefined,
      'give words or a filter',
    ),
  sendMessage: z.object(send),
  /** Over REST the idempotency id of a change is optional: the server makes one when it is absent. */
  editMessage: z.object({ body: edit.body, clientMsgId: uuid.optional() }),
  createFile: z.object({
    name: fileName,
    type: z
      .string()
      .max(127)
      .regex(/^[\w.+-]+\/[\w.+-]+$/, 'must be a media type')
      .default('application/octet-stream'),
    bytes: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits')
      .transform((hex) => hex.toLowerCase()),
    parts: z.number().int().min(1).max(1_000).optional(),
    clientId: uuid.optional(),
  }),
  getFile: z.object({ download: z.enum(['1']).optional() }),
  setAvatar: z.object({ fileId: uuid.nullable() }),
};
export type RestOperation = keyof typeof restSchemas;
export type RestInput<O extends RestOperation> = z.output<(typeof restSchemas)[O]>;

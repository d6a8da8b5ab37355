import type { Redis } from 'ioredis';
import { createAudit } from '../audit.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { createAccessTokens, type AccessTokens } from './access-token.ts';
import { createSafeFetch } from '../net/safe-fetch.ts';
import { promoteAdmins } from '../store/sql/user-accounts.ts';
import { createAccountMail } from './account-mail.ts';
import { createAccounts, type AccountDeps, type Accounts, type RevokedEvent } from './accounts.ts';
import { auditAccounts } from './audit-accounts.ts';
import { createAuthenticate, type Authenticate } from './authenticate.ts';
import { createAdminLink, type BecomeAdmin } from './admin-link.ts';
import { createBotTokens, type BotTokens } from './bot-tokens.ts';
import { createConfirmOwner, type ConfirmOwner } from './confirm-owner.ts';
import { createKeys, type Keys, type KeyOptions } from './keys.ts';
import { createAuthLimits } from './login-limits.ts';
import { createMailLinks, type MailLinks } from './mail-links.ts';
import { createOriginCheck, type IsAllowedOrigin } from './origin.ts';
import { createPasswords, type PasswordOptions } from './passwords.ts';
import { createSignInWith, type SignInWith } from './providers/sign-in-with.ts';
import { createRevocations, type Revocations } from './revocations.ts';
import { createMfaTokens, createTotp, type TotpRoutes } from './second-factor.ts';
import { createSignUpDefence, type SignUpDefence } from './sign-up-defence.ts';
import { createTickets, type Tickets } from './tickets.ts';

export interface AuthDeps {
  db: Db;
  log: Logger;
  config: Pick<
    Config,
    | 'role'
    | 'limits'
    | 'rateLimits'
    | 'redisPrefix'
    | 'allowedOrigins'
    | 'publicUrl'
    | 'tokenInQuery'
    | 'accounts'
    | 'fetchAllowedNetworks'
    | 'signingKeysFile'
  >;
  redis?: Redis;
  /** Sessions that a call on this pod has ended: tell the other pods, end their sockets here. */
  onRevoked: (event: RevokedEvent) => void;
  /** Sessions that another pod ended and no broadcast told of: end their sockets here, tell nobody. */
  onRevokedElsewhere: (event: RevokedEvent) => void;
  passwords?: PasswordOptions;
  keys?: Pick<KeyOptions, 'refreshMs' | 'activateMs' | 'rotateMs'>;
  now?: () => Date;
}

export interface Auth extends Authenticate, AsyncDisposable {
  keys: Keys;
  accessTokens: AccessTokens;
  accounts: Accounts;
  confirmOwner: ConfirmOwner;
  becomeAdmin: BecomeAdmin;
  mailLinks: MailLinks;
  totp: TotpRoutes;
  signInWith: SignInWith;
  defence: SignUpDefence;
  tickets: Tickets;
  botTokens: BotTokens;
  revocations: Revocations;
  isAllowedOrigin: IsAllowedOrigin;
}

/** Everything about who is calling, wired. Reads the keys and the revocation list, so Postgres must answer. */
export async function createAuth(deps: AuthDeps): Promise<Auth> {
  const { db, log, config, onRevoked, onRevokedElsewhere } = deps;
  const { accessTokenSeconds, refreshTokenSeconds } = config.limits;
  const keys = await createKeys({
    db,
    log,
    accessTokenSeconds,
    file: config.signingKeysFile,
    isIssuer: config.role === 'all' || config.role === 'api',
    ...deps.keys,
  });
  const accessTokens = createAccessTokens({ keys, accessTokenSeconds });
  const revocations = await createRevocations({
    db,
    log,
    accessTokenSeconds,
    onRevoked: (sessions) => {
      for (const [userId, own] of Map.groupBy(sessions, (s) => s.userId)) {
        onRevokedElsewhere({ userId, sessionIds: own.map((s) => s.sessionId), code: own[0]!.code });
      }
    },
  });
  const botTokens = createBotTokens({ db, keys });
  const tickets = createTickets(db, accessTokenSeconds);
  const isAllowedOrigin = createOriginCheck(config);
  const passwords = await createPasswords(deps.passwords);
  const limits = createAuthLimits({ enabled: config.rateLimits, redis: deps.redis, redisPrefix: config.redisPrefix });
  const { mail, guests, adminEmails, challengeBits, providers } = config.accounts;
  const defence = createSignUpDefence({ db, keys, difficulty: challengeBits });
  const accountDeps: AccountDeps = {
    db,
    log,
    keys,
    accessTokens,
    passwords,
    limits,
    revocations,
    secondFactor: createMfaTokens({ keys, now: deps.now }),
    defence,
    mail: mail && createAccountMail(db),
    guests,
    adminEmails,
    accessTokenSeconds,
    refreshTokenSeconds,
    onRevoked,
    now: deps.now,
  };
  if (adminEmails.length > 0) await promoteAdmins(db, adminEmails);
  const safeFetch = createSafeFetch({ allowedNetworks: config.fetchAllowedNetworks });
  const authenticate = createAuthenticate({
    accessTokens,
    botTokens,
    tickets,
    revocations,
    isAllowedOrigin,
    tokenInQuery: config.tokenInQuery,
  });
  return {
    ...authenticate,
    keys,
    accessTokens,
    accounts: auditAccounts(createAccounts(accountDeps), createAudit({ db, log })),
    confirmOwner: createConfirmOwner(accountDeps),
    becomeAdmin: createAdminLink({ ...accountDeps, file: config.accounts.adminLinkFile }),
    mailLinks: createMailLinks(accountDeps),
    totp: createTotp(accountDeps),
    signInWith: createSignInWith({ ...accountDeps, settings: providers, publicUrl: config.publicUrl, safeFetch }),
    defence,
    tickets,
    botTokens,
    revocations,
    isAllowedOrigin,
    async [Symbol.asyncDispose]() {
      await revocations[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

import { randomBytes } from 'node:crypto';
import type { OwnUser } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { Secret, TOTP } from 'otpauth';
import { loadTotp, removeTotp, savePendingTotp, takeRecoveryCode, takeStep, turnTotpOn } from '../store/sql/second-factor.ts';
import { findCredentialsById, type Credentials } from '../store/sql/user-accounts.ts';
import type { AccountMail } from './account-mail.ts';
import { requirePassword, type AccountDeps } from './accounts.ts';
import { createSignIn, type Device, type SignedIn } from './sign-in.ts';
import type { Principal } from './types.ts';

/** The password was right; the session begins when the second factor is shown too. */
export interface MfaChallenge {
  mfaToken: string;
  /** Seconds. */
  expiresIn: number;
}

export interface TotpSetup {
  /** Base32, for typing in. */
  secret: string;
  /** otpauth://, for a QR code. */
  uri: string;
}

const MFA_SECONDS = 300;
const STEP_SECONDS = 30;
const RECOVERY_CODES = 10;
const ISSUER = 'Chat Cluster';
const TOKEN = /^([A-Za-z0-9_-]{22})\.(\d{10})\.([A-Za-z0-9_-]{43})$/;

export interface SecondFactor {
  challenge(found: Credentials): MfaChallenge;
}

/** Proof of a right password, bound to that password: changing it ends the proof. Nothing is stored. */
export function createMfaTokens({ keys, now = () => new Date() }: Pick<AccountDeps, 'keys' | 'now'>) {
  const sealed = (head: string, passwordHash: string | null) => `mfa.${head}.${passwordHash ?? ''}`;
  return {
    challenge({ user, passwordHash }: Credentials): MfaChallenge {
      const id = Buffer.from(user.id.replaceAll('-', ''), 'hex').toString('base64url');
      const head = `${id}.${Math.floor(now().getTime() / 1_000) + MFA_SECONDS}`;
      return { mfaToken: `${head}.${keys.mac(sealed(head, passwordHash)).toString('base64url')}`, expiresIn: MFA_SECONDS };
    },
    /** Unproven until `isProof` says so: the password hash has to be loaded first. */
    userIdOf(token: string): string | undefined {
      const id = TOKEN.exec(token)?.[1];
      if (id === undefined) return undefined;
      return Buffer.from(id, 'base64url')
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    },
    isProof(token: string, passwordHash: string | null): boolean {
      const [, id, ends, mac] = TOKEN.exec(token) ?? [];
      if (mac === undefined || Number(ends) * 1_000 < now().getTime()) return false;
      return keys.isMac(sealed(`${id}.${ends}`, passwordHash), Buffer.from(mac, 'base64url'));
    },
  };
}

export interface TotpRoutes {
  /** Begins to switch it on; nothing changes until a code was right. */
  setUp(principal: Principal, input: { password?: string }, device: Device): Promise<TotpSetup>;
  /** Switches it on; the codes are shown this once. */
  confirm(principal: Principal, code: string, device: Device): Promise<{ recoveryCodes: string[] }>;
  remove(principal: Principal, input: { password?: string; code?: string }, device: Device): Promise<void>;
  /** Ends a sign-in that began with a password. */
  verify(input: { mfaToken: string; code: string }, device: Device): Promise<SignedIn>;
}

export function createTotp(deps: AccountDeps): TotpRoutes {
  const { db, log, limits, mail, keys } = deps;
  const tokens = createMfaTokens(deps);
  const signIn = createSignIn(deps);
  const hashOf = (userId: string, code: string) => keys.mac(`recovery.${userId}.${code}`);

  return {
    async setUp({ userId, guest }, { password }, device) {
      if (guest) throw new ChatError('forbidden', { message: 'A guest has no password to protect; create an account.' });
      const { user } = await requirePassword(deps, { userId, password, address: device.address });
      const secret = new Secret({ size: 20 }).base32;
      if (!(await savePendingTotp(db, userId, secret))) throw new ChatError('conflict', { message: 'A second factor is on already.' });
      return { secret, uri: totpOf(secret, user).toString() };
    },
    async confirm({ userId }, code, device) {
      const succeeded = await limits.login(`totp ${userId}`, device.address);
      const stored = await loadTotp(db, userId);
      if (!stored || stored.confirmed) throw new ChatError('conflict', { message: 'No second factor is being set up.' });
      const step = stepOf(stored.secret, code, deps.now);
      if (step === undefined) throw wrongCode('invalid');
      const recoveryCodes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
      const hashes = recoveryCodes.map((each) => hashOf(userId, plain(each)));
      if (!(await turnTotpOn(db, { userId, secret: stored.secret, step, hashes }))) throw new ChatError('conflict');
      await succeeded();
      log.info({ userId }, 'second factor switched on');
      await tell(mail, 'totp-on', { deps, userId, device });
      return { recoveryCodes };
    },
    async remove({ userId }, { password, code }, device) {
      const found = await requirePassword(deps, { userId, password, address: device.address });
      // Without a password the code is what proves the owner.
      if (found.hasTotp && found.passwordHash === null && !(await isRight(userId, code ?? '', device))) throw wrongCode('forbidden');
      if (await removeTotp(db, userId)) {
        log.info({ userId }, 'second factor switched off');
        await mail?.notify('totp-off', found.user, device);
      }
    },
    async verify({ mfaToken, code }, device) {
      const userId = tokens.userIdOf(mfaToken);
      const found = userId === undefined ? null : await findCredentialsById(db, userId);
      if (!found || !tokens.isProof(mfaToken, found.passwordHash)) {
        throw new ChatError('unauthenticated', { message: 'Signing in took too long; enter your password again.' });
      }
      if (found.hasTotp && !(await isRight(found.user.id, code, device))) throw wrongCode('forbidden');
      return signIn.begin(found.user, device);
    },
  };

  /** A code of the app, or a recovery code; either is used up. */
  async function isRight(userId: string, code: string, device: Device): Promise<boolean> {
    const succeeded = await limits.login(`totp ${userId}`, device.address);
    const stored = await loadTotp(db, userId);
    const step = stored && stepOf(stored.secret, code, deps.now);
    if (step !== null && step !== undefined) {
      if (!(await takeStep(db, userId, step))) return false;
    } else {
      if (!(await takeRecoveryCode(db, userId, hashOf(userId, plain(code))))) return false;
      await tell(mail, 'recovery-code-used', { deps, userId, device });
    }
    await succeeded();
    return true;
  }
}

async function tell(
  mail: AccountMail | undefined,
  notice: 'totp-on' | 'recovery-code-used',
  { deps, userId, device }: { deps: AccountDeps; userId: string; device: Device },
): Promise<void> {
  const user = mail && (await findCredentialsById(deps.db, userId))?.user;
  if (user) await mail.notify(notice, user, device);
}

function wrongCode(code: 'invalid' | 'forbidden'): ChatError {
  return new ChatError(code, { message: 'The code is wrong or was used already.' });
}

function totpOf(secret: string, user?: Pick<OwnUser, 'email' | 'displayName'>): TOTP {
  return new TOTP({
    issuer: ISSUER,
    label: user?.email ?? user?.displayName ?? '',
    secret: Secret.fromBase32(secret),
    period: STEP_SECONDS,
  });
}

/** The step whose code this is: now, or one to either side for a clock that is off. */
function stepOf(secret: string, code: string, now: () => Date = () => new Date()): number | undefined {
  const digits = code.replaceAll(' ', '');
  if (!/^\d{6}$/.test(digits)) return undefined;
  const timestamp = now().getTime();
  const delta = totpOf(secret).validate({ token: digits, timestamp, window: 1 });
  return delta === null ? undefined : Math.floor(timestamp / 1_000 / STEP_SECONDS) + delta;
}

/** 80 bits, in an alphabet without what looks alike. */
function newRecoveryCode(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz0123456789'.slice(0, 32);
  const letters = [...randomBytes(16)].map((byte) => alphabet[byte % 32]).join('');
  return letters.match(/.{4}/g)!.join('-');
}

function plain(code: string): string {
  return code.toLowerCase().replaceAll(/[\s-]/g, '');
}

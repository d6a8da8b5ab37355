import type { AuthResult, OwnUser } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { uuidV7 } from '../ids.ts';
import { isUniqueViolation } from '../store/errors.ts';
import { findMailToken, takeEmailChange, takeReset, takeSignUp, takeUpgrade } from '../store/sql/mail-tokens.ts';
import { setEmail, upgradeGuest } from '../store/sql/user-accounts.ts';
import { hashMailToken } from './account-mail.ts';
import { requirePassword, type AccountDeps } from './accounts.ts';
import { announceRevoked, createSignIn, type Device, type SignedIn } from './sign-in.ts';
import type { Principal } from './types.ts';

/** What is done by a link in a mail, and how the mail is asked for. */
export interface MailLinks {
  /** The answer never tells whether there is such an account. */
  forgot(email: string, device: Device): Promise<void>;
  /** Ends every session of the account. */
  reset(input: { token: string; password: string }, device: Device): Promise<void>;
  /** A sign-up or upgrade signs in; a changed address does not. */
  verify(token: string, device: Device): Promise<SignedIn | { user: OwnUser }>;
  /** Undefined: a link was sent to the new address. */
  changeEmail(principal: Principal, input: { email: string; password?: string }, device: Device): Promise<OwnUser | undefined>;
  /** The guest becomes a user, at once without mail. Undefined: a link was sent. */
  upgrade(principal: Principal, input: { email: string; password: string }, device: Device): Promise<AuthResult | undefined>;
}

const badLink = () => new ChatError('invalid', { message: 'This link is not valid, was used, or has expired; ask for a new one.' });
const taken = (cause?: unknown) => new ChatError('conflict', { message: 'This e-mail address belongs to another account.', cause });

export function createMailLinks(deps: AccountDeps): MailLinks {
  const { db, log, passwords, limits, mail, adminEmails } = deps;
  const revoked = announceRevoked(deps);
  return {
    async forgot(email, device) {
      if (!mail)
        throw new ChatError('forbidden', { message: 'This installation sends no mail; ask its administrator for a new password.' });
      if (await limits.mail(email, device.address)) await mail.sendReset(email, device);
    },
    async reset({ token, password }, device) {
      const hash = hashMailToken(token);
      await limits.link(device.address);
      // Before the password is hashed: that costs more than guessing.
      if ((await findMailToken(db, hash))?.purpose !== 'reset') throw badLink();
      const done = await takeReset(db, { hash, passwordHash: await passwords.hash(password), admins: adminEmails });
      if (!done) throw badLink();
      revoked(done.user.id, done.sessionIds);
      log.info({ userId: done.user.id }, 'password reset');
      await mail?.notify('password-changed', done.user, device);
    },
    verify: createVerify(deps),
    async changeEmail({ userId }, { email, password }, device) {
      const { user } = await requirePassword(deps, { userId, password, address: device.address });
      if (user.guest) throw new ChatError('forbidden', { message: 'A guest has no address; create an account.' });
      if (mail) {
        if (await limits.mail(email, device.address)) await mail.sendEmailChange({ userId, email }, device);
        return undefined;
      }
      return (await orTaken(() => setEmail(db, userId, email))) ?? user;
    },
    async upgrade({ userId, sessionId, guest }, { email, password }, device) {
      if (!guest) throw new ChatError('conflict', { message: 'This is no guest account.' });
      await limits.signUp(device.address);
      const passwordHash = await passwords.hash(password);
      if (mail) {
        if (await limits.mail(email, device.address)) await mail.sendUpgrade({ userId, email, passwordHash }, device);
        return undefined;
      }
      const user = await orTaken(() => upgradeGuest(db, { userId, email, passwordHash }));
      if (!user) throw new ChatError('conflict', { message: 'This is no guest account.' });
      log.info({ userId }, 'guest upgraded');
      const { refreshToken: _, ...answer } = await createSignIn(deps).answer(user, sessionId, 0);
      return answer;
    },
  };
}

function createVerify(deps: AccountDeps): MailLinks['verify'] {
  const { db, log, limits, mail, adminEmails: admins } = deps;
  const signIn = createSignIn(deps);

  async function welcome(user: OwnUser, sessionId: string, device: Device): Promise<SignedIn> {
    log.info({ userId: user.id }, 'account registered');
    await mail?.notify('welcome', user, device);
    return signIn.answer(user, sessionId, 0);
  }

  return async (token, device) => {
    await limits.link(device.address);
    const hash = hashMailToken(token);
    const found = await findMailToken(db, hash);
    const session = signIn.session(device);
    if (found?.purpose === 'sign-up') {
      const user = await takeSignUp(db, { hash, userId: uuidV7(), admins, session });
      if (!user) throw taken();
      return welcome(user, session.id, device);
    }
    if (found?.purpose === 'upgrade') {
      const user = await orTaken(() => takeUpgrade(db, { hash, admins, session }));
      if (!user) throw badLink();
      return welcome(user, session.id, device);
    }
    const changed = found?.purpose === 'email' ? await orTaken(() => takeEmailChange(db, hash, admins)) : null;
    if (!changed) throw badLink();
    if (changed.before !== null && changed.before !== changed.user.email) {
      await mail?.notify('email-changed', { ...changed.user, email: changed.before }, device);
    }
    return { user: changed.user };
  };
}

async function orTaken<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isUniqueViolation(error) ? taken(error) : error;
  }
}

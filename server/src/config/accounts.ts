import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, integer, list, onOff, url, type Env } from './env.ts';

export interface ProviderSettings {
  /** Part of the address of its callback, so it stays. */
  name: string;
  type: 'oidc' | 'github';
  /** Of OpenID Connect; of GitHub: the address of a server of one's own. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** On the sign-in page. */
  label: string;
}

export interface AccountSettings {
  /** Absent: no mail is sent. */
  mail: { smtpUrl: string; from: string } | undefined;
  providers: ProviderSettings[];
  guests: boolean;
  /** Lower case; whoever has proven one of these addresses is an administrator. */
  adminEmails: string[];
  /** Path of the token that makes the first administrator, with no end of line needed; it may be absent for now. */
  adminLinkFile: string | undefined;
  /** Zero bits of the proof of work at sign-up; 0: none is asked for. */
  challengeBits: number;
}

/** About half a second of a phone. */
const DEFAULT_CHALLENGE_BITS = 17;
const GITHUB = 'https://github.com';

export function parseAccounts(env: Env, publicUrl: string | undefined): AccountSettings {
  const providers = env.AUTH_PROVIDERS_DIR ? readProviders(env.AUTH_PROVIDERS_DIR) : parseProviders(env.AUTH_PROVIDERS);
  if (providers.length > 0 && publicUrl === undefined) {
    throw new ConfigError('PUBLIC_URL is not set; identity providers send people back to it');
  }
  return {
    mail: parseMail(env, publicUrl),
    providers,
    guests: onOff(env, 'GUESTS', true),
    adminEmails: list(env, 'ADMIN_EMAILS').map((email) => email.toLowerCase()),
    adminLinkFile: env.ADMIN_LINK_FILE || undefined,
    challengeBits: onOff(env, 'SIGNUP_CHALLENGE', false)
      ? integer(env, 'SIGNUP_CHALLENGE_BITS', DEFAULT_CHALLENGE_BITS, { min: 1, max: 26 })
      : 0,
  };
}

function parseMail(env: Env, publicUrl: string | undefined): AccountSettings['mail'] {
  if (!env.SMTP_URL) return undefined;
  const smtpUrl = url('SMTP_URL', env.SMTP_URL, ['smtp:', 'smtps:']);
  if (publicUrl === undefined) throw new ConfigError('PUBLIC_URL is not set; the links in mails lead to it');
  const from = env.MAIL_FROM || `Chat Cluster <no-reply@${new URL(publicUrl).hostname}>`;
  if (!/^[^\r\n<>]*<[^\s<>@]+@[^\s<>@]+>$|^[^\s<>@]+@[^\s<>@]+$/.test(from)) {
    throw new ConfigError('MAIL_FROM must be an address, or "Name <address>"');
  }
  return { smtpUrl, from };
}

const provider = z
  .object({
    name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'write lower-case letters, digits and hyphens'),
    // The second of each is how the ChatCluster resource says it.
    type: z
      .enum(['oidc', 'OpenIDConnect', 'github', 'GitHub'])
      .transform((type): 'oidc' | 'github' => (/^g/i.test(type) ? 'github' : 'oidc')),
    issuer: z.url({ protocol: /^https?$/ }).optional(),
    clientId: z.string().min(1),
    clientSecret: z.string().min(1),
    label: z.string().max(60).optional(),
  })
  .refine((p) => p.type === 'github' || p.issuer !== undefined, 'OpenID Connect needs an issuer')
  .transform(({ issuer = GITHUB, label, ...p }): ProviderSettings => ({ ...p, issuer, label: label || labelOf(p.name) }));

function labelOf(name: string): string {
  return name === 'github' ? 'GitHub' : name.charAt(0).toUpperCase() + name.slice(1);
}

/** Never quotes a value: one of them is a secret. */
function check(variable: string, given: unknown): ProviderSettings[] {
  const result = z.array(provider).max(20).safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new ConfigError(`${variable}: ${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'not valid'}`);
  }
  const names = result.data.map(({ name }) => name);
  if (new Set(names).size < names.length) throw new ConfigError(`${variable}: two providers have the same name`);
  return result.data;
}

function parseProviders(raw: string | undefined): ProviderSettings[] {
  if (!raw) return [];
  try {
    return check('AUTH_PROVIDERS', JSON.parse(raw));
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError('AUTH_PROVIDERS must be a JSON list of { name, type, issuer, clientId, clientSecret }');
  }
}

/** One folder per provider with a file per setting, as Kubernetes mounts Secrets. */
function readProviders(dir: string): ProviderSettings[] {
  if (!existsSync(dir)) throw new ConfigError(`AUTH_PROVIDERS_DIR="${dir}" does not exist`);
  const names = readdirSync(dir)
    .filter((name) => !name.startsWith('.'))
    .sort();
  const read = (name: string, file: string) => {
    const path = join(dir, name, file);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() || undefined : undefined;
  };
  const files = ['type', 'issuer', 'clientId', 'clientSecret', 'label'] as const;
  return check(
    'AUTH_PROVIDERS_DIR',
    names.map((name) => ({ name, ...Object.fromEntries(files.map((file) => [file, read(name, file)])) })),
  );
}

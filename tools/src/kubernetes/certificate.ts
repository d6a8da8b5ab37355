import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/**
 * X.509 for the certificates of a local cluster: a dozen are needed, and Node makes keys but no certificates. Only what
 * Kubernetes needs: P-256, one subject, one usage, names and addresses.
 */
export interface Certificate {
  /** PEM. */
  cert: string;
  /** PEM, PKCS #8. */
  key: string;
}

interface Subject {
  commonName: string;
  organization?: string;
}

interface LeafOptions extends Subject {
  usage: 'server' | 'client';
  dnsNames?: string[];
  ipAddresses?: string[];
}

const DAY_MS = 86_400_000;
const lifeMs = 365 * DAY_MS;

const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
} as const;

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...parts: Buffer[]) => tlv(0x30, ...parts);
const octets = (...parts: Buffer[]) => tlv(0x04, ...parts);
const bits = (unused: number, bytes: Buffer) => tlv(0x03, Buffer.from([unused]), bytes);
const isTrue = tlv(0x01, Buffer.from([0xff]));

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const group = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) group.unshift((left & 0x7f) | 0x80);
    bytes.push(...group);
  }
  return tlv(0x06, Buffer.from(bytes));
}

/** UTCTime; good until 2049. */
const time = (ms: number) => tlv(0x17, Buffer.from(`${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

function name({ commonName, organization }: Subject): Buffer {
  const attribute = (type: string, value: string) => tlv(0x31, sequence(oid(type), tlv(0x0c, Buffer.from(value))));
  return sequence(...(organization ? [attribute(oids.organization, organization)] : []), attribute(oids.commonName, commonName));
}

function extension(type: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(type), ...(critical ? [isTrue] : []), octets(value));
}

function caExtensions(): Buffer[] {
  return [
    extension(oids.basicConstraints, true, sequence(isTrue)),
    // keyCertSign and cRLSign: bits 5 and 6.
    extension(oids.keyUsage, true, bits(1, Buffer.from([0b0000_0110]))),
  ];
}

function leafExtensions({ usage, dnsNames = [], ipAddresses = [] }: LeafOptions): Buffer[] {
  const names = [
    ...dnsNames.map((dns) => tlv(0x82, Buffer.from(dns))),
    ...ipAddresses.map((address) => tlv(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  return [
    extension(oids.basicConstraints, true, sequence()),
    // digitalSignature: bit 0.
    extension(oids.keyUsage, true, bits(7, Buffer.from([0b1000_0000]))),
    extension(oids.extendedKeyUsage, false, sequence(oid(oids[usage]))),
    ...(names.length > 0 ? [extension(oids.subjectAltName, false, sequence(...names))] : []),
  ];
}

interface Issue {
  subject: Subject;
  issuer: Subject;
  publicKey: KeyObject;
  signingKey: KeyObject;
  extensions: Buffer[];
}

function issue({ subject, issuer, publicKey, signingKey, extensions }: Issue): string {
  const algorithm = sequence(oid(oids.ecdsaWithSha256));
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  // A clock that is a little behind must not refuse it.
  const validity = sequence(time(Date.now() - DAY_MS), time(Date.now() + lifeMs));
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    algorithm,
    name(issuer),
    validity,
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  );
  const der = sequence(body, algorithm, bits(0, sign('sha256', body, signingKey)));
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** What signs the certificates of one cluster. */
export interface Authority extends Certificate {
  issue(options: LeafOptions): Certificate;
}

export function createAuthority(commonName: string): Authority {
  const { publicKey, privateKey } = newKeys();
  const issuer = { commonName };
  return {
    cert: issue({ subject: issuer, issuer, publicKey, signingKey: privateKey, extensions: caExtensions() }),
    key: pem(privateKey),
    issue(options) {
      const keys = newKeys();
      const cert = issue({
        subject: options,
        issuer,
        publicKey: keys.publicKey,
        signingKey: privateKey,
        extensions: leafExtensions(options),
      });
      return { cert, key: pem(keys.privateKey) };
    },
  };
}

/** A key pair without a certificate, for signing service account tokens. */
export function createSigningKey(): { privateKey: string; publicKey: string } {
  const { privateKey } = newKeys();
  return { privateKey: pem(privateKey), publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
}

import type { Keys } from '../auth/keys.ts';
import type { Download } from './store.ts';

export interface SignedUpload {
  key: string;
  bytes: number;
  /** Unix seconds. */
  expires: number;
}

export interface SignedDownload extends Download {
  key: string;
  expires: number;
}

export type Mac = Pick<Keys, 'mac' | 'isMac'>;

const upload = ({ key, bytes, expires }: SignedUpload) => ['file-upload', key, bytes, expires].join('\n');
const download = ({ key, type, name, isInline, expires }: SignedDownload) =>
  ['file-download', key, type, name, isInline ? 'inline' : 'attachment', expires].join('\n');

/** The query of a URL that allows this one upload. */
export function signUpload(keys: Mac, claim: SignedUpload): string {
  const signature = keys.mac(upload(claim)).toString('base64url');
  return new URLSearchParams({ bytes: String(claim.bytes), expires: String(claim.expires), signature }).toString();
}

export function signDownload(keys: Mac, claim: SignedDownload): string {
  const { type, name, isInline, expires } = claim;
  const signature = keys.mac(download(claim)).toString('base64url');
  return new URLSearchParams({ type, name, inline: isInline ? '1' : '0', expires: String(expires), signature }).toString();
}

const isLive = (expires: number, nowMs: number) => expires * 1_000 > nowMs;

/** undefined: not ours, changed, or too old. */
export function verifyUpload(keys: Mac, key: string, query: URLSearchParams, nowMs = Date.now()): SignedUpload | undefined {
  const claim = { key, bytes: Number(query.get('bytes')), expires: Number(query.get('expires')) };
  return isLive(claim.expires, nowMs) && keys.isMac(upload(claim), signatureOf(query)) ? claim : undefined;
}

export function verifyDownload(keys: Mac, key: string, query: URLSearchParams, nowMs = Date.now()): SignedDownload | undefined {
  const claim = {
    key,
    type: query.get('type') ?? '',
    name: query.get('name') ?? '',
    isInline: query.get('inline') === '1',
    expires: Number(query.get('expires')),
  };
  return isLive(claim.expires, nowMs) && keys.isMac(download(claim), signatureOf(query)) ? claim : undefined;
}

function signatureOf(query: URLSearchParams): Buffer {
  return Buffer.from(query.get('signature') ?? '', 'base64url');
}

/** The end of a window of time: the same for everybody who asks within it, at least `seconds` and at most twice that away. */
export function expiryOf(seconds: number, nowMs = Date.now()): number {
  return (Math.floor(nowMs / 1_000 / seconds) + 2) * seconds;
}

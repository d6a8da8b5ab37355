import type { Keys } from './keys.ts';

export interface RefreshToken {
  sessionId: string;
  generation: number;
}

const SHAPE = /^([A-Za-z0-9_-]{22})\.(0|[1-9]\d{0,8})\.([A-Za-z0-9_-]{43})$/;

/**
 * `base64url(sessionId).generation.mac`: nothing of it is stored, and the successor of a token can be given again
 * without keeping it anywhere.
 */
export function formatRefreshToken(keys: Keys, { sessionId, generation }: RefreshToken): string {
  const head = `${Buffer.from(sessionId.replaceAll('-', ''), 'hex').toString('base64url')}.${generation}`;
  return `${head}.${keys.mac(`refresh.${head}`).toString('base64url')}`;
}

/** null: not one of ours. */
export function parseRefreshToken(keys: Keys, token: string): RefreshToken | null {
  const [, id, generation, mac] = SHAPE.exec(token) ?? [];
  if (id === undefined || generation === undefined || mac === undefined) return null;
  if (!keys.isMac(`refresh.${id}.${generation}`, Buffer.from(mac, 'base64url'))) return null;
  const hex = Buffer.from(id, 'base64url').toString('hex');
  return { sessionId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), generation: Number(generation) };
}

/** Not even asked: the breaker is open. */
export class PostgresAwayError extends Error {
  override name = 'PostgresAwayError';

  constructor() {
    super('postgres is away');
  }
}

/** Codes after which the same statement may succeed on another connection a moment later. */
const unavailableCodes = new Set([
  // Node: the connection could not be made or was lost.
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  // Shutdown, crash, starting up; too many connections; cancelled by the statement timeout; idle in transaction.
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '53300',
  '57014',
  '25P03',
  '25006',
  // Deadlock and serialisation: nothing was written.
  '40001',
  '40P01',
  '55P03',
]);

/** Texts of node-postgres for which it sets no code. */
const unavailableMessages = [
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Connection terminated',
  'Query read timeout',
  'Client has encountered a connection error',
  'Cannot use a pool after calling end',
  'Client was closed',
];

function codeOf(error: object): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Postgres cannot be reached or is not taking work: callers answer `unavailable`. A commit whose answer was lost looks the same. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof PostgresAwayError) return true;
  const code = codeOf(error);
  // Class 08 is "connection exception", 53 "insufficient resources".
  if (unavailableCodes.has(code) || /^(08|53)...$/.test(code)) return true;
  if (error instanceof AggregateError && error.errors.some(isUnavailable)) return true;
  return unavailableMessages.some((text) => error.message.includes(text)) || isUnavailable(error.cause);
}

/** The statement's values cannot be stored (bad UUID, U+0000, number out of range), whatever the connection. */
export function isDataError(error: unknown): boolean {
  return error instanceof Error && /^22...$/.test(codeOf(error));
}

/** Somebody else has what must be there once. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === '23505';
}

import { LivestreamError } from '@tallylight/protocol/errors.ts';

/** PostgreSQL is away, hangs or is overloaded: the caller may try again. Whether a change took place is not known. */
export class DatabaseUnavailableError extends LivestreamError {
  override name = 'DatabaseUnavailableError';

  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterSeconds?: number } = {},
  ) {
    super(`the database is not available: ${message}`, 'UNAVAILABLE', 503, {
      retryAfterSeconds: options.retryAfterSeconds ?? RETRY_AFTER_SECONDS,
    });
    this.cause = options.cause;
  }
}

/** When to try again, in seconds: a server that came back is seen within one. */
const RETRY_AFTER_SECONDS = 2;

/** The SQLSTATE of an error that PostgreSQL sent; undefined for any other. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** True when a row with these values exists already; with a name, only for that constraint or unique index. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return sqlState(error) === '23505' && (constraint === undefined || constraintOf(error) === constraint);
}

/** True when a row that was pointed to does not exist, or is still pointed to; with a name, only for that constraint. */
export function isForeignKeyViolation(error: unknown, constraint?: string): boolean {
  return sqlState(error) === '23503' && (constraint === undefined || constraintOf(error) === constraint);
}

/** True when a value breaks a CHECK; with a name, only for that constraint. */
export function isCheckViolation(error: unknown, constraint?: string): boolean {
  return sqlState(error) === '23514' && (constraint === undefined || constraintOf(error) === constraint);
}

/** True when row-level security, a missing grant or a guard in the schema refused the statement (42501). */
export function isDenied(error: unknown): boolean {
  return sqlState(error) === '42501';
}

/** True when the connection that this came from must not be used again. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error);
  // Whatever PostgreSQL did not send came from the socket or from our own time-outs.
  if (state === undefined) return isOurs(error);
  return /^(?:08|57P0|25P03)/.test(state);
}

/** True when trying again later may help: away, hanging, starting, stopping, full, too slow, locked. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error);
  return state === undefined ? isOurs(error) : /^(?:08|53|57014$|57P0|55P03$|25P03$)/.test(state);
}

/** True for errors of pg and of the socket below it, as opposed to those of the program. */
function isOurs(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('syscall' in error || ('code' in error && /^E[A-Z]+$/.test(String(error.code)))) return true;
  return /^(?:Query read timeout|timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error|Client was closed|Client network socket disconnected|read ECONN)/.test(
    error.message,
  );
}

function constraintOf(error: unknown): string | undefined {
  return error instanceof Error && 'constraint' in error ? String(error.constraint) : undefined;
}

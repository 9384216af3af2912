import { type DestinationStream, pino } from 'pino';
import type { Logger } from './logger.ts';
import { formatPretty } from './pretty-log-line.ts';

/** How the log is written. */
export interface LogOptions {
  /** Least important events that are written; `silent` writes none. */
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `auto`: words on a terminal, JSON lines elsewhere. */
  readonly format: 'auto' | 'pretty' | 'json';
}

/** Field names whose values are secrets, at the first three depths; whoever logs one by mistake prints only `[secret]`. */
const secretFields = [
  'key',
  'streamKey',
  'streamName',
  'tcUrl',
  'token',
  'password',
  'secret',
  'authorization',
  'cookie',
  'setCookie',
  'masterKey',
  'accessToken',
  'apiToken',
  'resetToken',
  'sessionToken',
  'setupToken',
  'clientSecret',
  'databaseUrl',
  'smtpUrl',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** A logger on standard error, so that what a command prints on standard output stays clean. */
export function createLogger(options: LogOptions, destination: DestinationStream = process.stderr): Logger {
  const pretty = options.format === 'pretty' || (options.format === 'auto' && process.stderr.isTTY);
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields, censor: '[secret]' },
      // pino writes an error's message and stack under `err` only; accept `error` as well.
      serializers: {
        err: withoutRows,
        error: withoutRows,
        cause: withoutRows,
      },
    },
    pretty
      ? { write: (line: string) => destination.write(formatPretty(line)) }
      : { write: (line: string) => destination.write(withoutC1(line)) },
  );
  return logger;
}

/**
 * An error as pino writes it, without what PostgreSQL says of the row that it refused (`Failing row contains (…)`): rows have addresses,
 * e-mails, hashes of keys. Message, code, table, column and constraint stay.
 */
function withoutRows(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { detail: _detail, where: _where, internalQuery: _query, ...rest } = pino.stdSerializers.err(error);
  return rest;
}

/** JSON escapes the old control characters only; some terminals obey U+0080 to U+009F as well. */
function withoutC1(line: string): string {
  return line.replace(/[\u007f-\u009f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

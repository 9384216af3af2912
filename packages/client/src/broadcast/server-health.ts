import { parseLimits, type StreamLimits } from './stream-limits.ts';

/** A thing that the server noticed about the stream, in words. */
export interface StreamWarning {
  readonly code: string;
  readonly message: string;
}

/** What `GET /api/streams/:id/health` says. */
export interface ServerHealth {
  /** What arrived at the server, in bit/s; undefined while unknown. */
  readonly bitrateBps: number | undefined;
  readonly warnings: readonly StreamWarning[];
  readonly viewers: number;
  /** What the stream's owner allows. */
  readonly limits: StreamLimits;
  /** How long the stream stays open for a lost publisher, in seconds; undefined when the server does not say. */
  readonly reconnectWindowSec: number | undefined;
}

/** More sentences than these nobody reads. */
const MAX_WARNINGS = 8;

/** Reads the answer; what is missing or of another shape counts as unknown. Undefined when it is no health at all. */
export function parseServerHealth(body: unknown): ServerHealth | undefined {
  if (!isRecord(body)) {
    return undefined;
  }
  const health = isRecord(body['health']) ? body['health'] : {};
  const viewers = isRecord(body['viewers']) ? body['viewers'] : {};
  const warnings: readonly unknown[] = Array.isArray(health['warnings']) ? health['warnings'] : [];
  return {
    bitrateBps: number(health['bitrateBps']),
    warnings: warnings
      .flatMap((warning) =>
        isRecord(warning) && typeof warning['code'] === 'string' && typeof warning['message'] === 'string'
          ? [{ code: warning['code'], message: warning['message'] }]
          : [],
      )
      .slice(0, MAX_WARNINGS),
    viewers: number(viewers['total']) ?? 0,
    limits: parseLimits(body['limits']),
    reconnectWindowSec: number(body['reconnectWindowSec']),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

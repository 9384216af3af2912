/** What the owner of a stream allows on it. Absent members bound nothing. */
export interface StreamLimits {
  /** Of picture and sound together, in bit/s: the server cuts off who sends half as much again for some seconds. */
  readonly maxBitrateBps?: number;
  /** Pixels of the shorter side; the server scales larger pictures down. */
  readonly maxShortSide?: number;
  /** Pictures a second; the server leaves out what is above. */
  readonly maxFrameRate?: number;
}

const ANSWER_MS = 5_000;

/** Reads the `limits` of a stream's health; what is missing or of another shape bounds nothing. */
export function parseLimits(body: unknown): StreamLimits {
  if (typeof body !== 'object' || body === null) {
    return {};
  }
  const { maxBitrateBps, maxShortSide, maxFrameRate } = body as Record<string, unknown>;
  return limits(maxBitrateBps, maxShortSide, maxFrameRate);
}

/** Reads the settings of a stream as `GET /api/streams/:id` answers them. */
export function parseStreamSettings(body: unknown): StreamLimits {
  if (typeof body !== 'object' || body === null) {
    return {};
  }
  const { bitrateKbps, maxResolution, fps } = body as Record<string, unknown>;
  const bitrateBps = typeof bitrateKbps === 'number' ? bitrateKbps * 1000 : undefined;
  // `auto` is no number, and no limit.
  const shortSide = typeof maxResolution === 'string' ? Number.parseInt(maxResolution, 10) : undefined;
  return limits(bitrateBps, shortSide, fps);
}

/** Asks for the limits of a stream; undefined when the server does not say, as to somebody who may not see it. */
export async function fetchStreamLimits(
  baseUrl: string,
  streamId: string,
  signal: AbortSignal,
): Promise<StreamLimits | undefined> {
  try {
    const response = await fetch(new URL(`/api/streams/${encodeURIComponent(streamId)}`, baseUrl).href, {
      cache: 'no-store',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    return response.ok ? parseStreamSettings(await response.json()) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether two sets of limits are the same. */
export function sameLimits(a: StreamLimits, b: StreamLimits): boolean {
  return (
    a.maxBitrateBps === b.maxBitrateBps &&
    a.maxShortSide === b.maxShortSide &&
    a.maxFrameRate === b.maxFrameRate
  );
}

function limits(maxBitrateBps: unknown, maxShortSide: unknown, maxFrameRate: unknown): StreamLimits {
  return {
    ...(isLimit(maxBitrateBps) && { maxBitrateBps }),
    ...(isLimit(maxShortSide) && { maxShortSide }),
    ...(isLimit(maxFrameRate) && { maxFrameRate }),
  };
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

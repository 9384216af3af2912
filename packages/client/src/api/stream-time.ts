import type { Stream } from '@tallylight/protocol/entities/stream.ts';

/** Whole seconds since a stream began, or that it lasted; null when it has not begun. */
export function streamDuration(
  stream: Pick<Stream, 'startedAt' | 'endedAt'>,
  nowMs: number = Date.now(),
): number | null {
  if (stream.startedAt === undefined) return null;
  const endMs = stream.endedAt === undefined ? nowMs : Date.parse(stream.endedAt);
  return Math.max(0, Math.floor((endMs - Date.parse(stream.startedAt)) / 1000));
}

/** `H:MM:SS`, or `M:SS` below an hour. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

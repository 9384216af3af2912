import { describe, expect, test } from 'vitest';
import type { IngestListener } from './rtc-gateway.ts';
import { type SessionMessage, WorkerSession } from './worker-session.ts';

const listener: IngestListener = { onTrack() {}, onUnit() {}, onStats() {}, onClosed() {} };

/** A publisher's session that was opened at 10 s. */
function opened() {
  let nowMs = 10_000;
  const session = new WorkerSession(
    1,
    { kind: 'ingest', listener },
    { now: () => nowMs, monotonicMs: () => nowMs },
  );
  return {
    session,
    pass: (ms: number) => {
      nowMs += ms;
      return session.silentForMs();
    },
  };
}

describe('a publisher is silent', () => {
  test('since its last unit, or since its session was opened', () => {
    const { session, pass } = opened();
    expect(pass(700)).toBe(700);
    const times = { ptsMs: 0, dtsMs: 0 };
    session.unit({
      channel: 1,
      track: 0,
      kind: 'video',
      keyframe: true,
      ...times,
      payload: new Uint8Array(1),
    });
    expect(pass(300)).toBe(300);
  });

  const signs: SessionMessage[] = [
    { type: 'heard', session: 1 },
    { type: 'connected', session: 1 },
  ];
  test.each(signs)('since the child told $type', (message) => {
    const { session, pass } = opened();
    pass(3000);
    session.handle(message);
    expect(pass(200)).toBe(200);
  });

  test('whatever figures come: those are told of the silent too', () => {
    const { session, pass } = opened();
    pass(1000);
    const none = { bitrateBps: 0, framesPerSecond: 0, lossFraction: 0, jitterMs: 0, droppedFrames: 0 };
    session.handle({ type: 'stats', session: 1, stats: { ...none, hasBFrames: false } });
    expect(pass(500)).toBe(1500);
  });
});

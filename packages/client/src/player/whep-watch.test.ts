import { describe, expect, test } from 'vitest';
import { whepReading } from './testing/whep-readings.ts';
import { type WhepCondition, WhepWatch } from './whep-watch.ts';

/** Plays a session in steps of 100 ms: what comes in each, as counters per second. */
class Session {
  readonly watch = new WhepWatch();
  readonly #counters = {
    transportBytes: 0,
    iceResponses: 0,
    videoPackets: 0,
    audioPackets: 0,
    framesDecoded: 0,
  };
  #nowMs = 0;

  /** Lets `seconds` pass and returns every conclusion that was drawn, without repeats. */
  run(seconds: number, perSecond: Partial<Record<keyof Session['rates'], number>>): WhepCondition[] {
    const found: WhepCondition[] = [];
    for (let step = 0; step < seconds * 10; step += 1) {
      this.#nowMs += 100;
      for (const name of Object.keys(perSecond) as (keyof Session['rates'])[]) {
        this.#counters[name] += (perSecond[name] ?? 0) / 10;
      }
      const whole = Object.fromEntries(
        Object.entries(this.#counters).map(([name, value]) => [name, Math.floor(value + 1e-9)]),
      );
      const condition = this.watch.update(whepReading({ nowMs: this.#nowMs, ...whole }), true);
      if (condition !== found.at(-1)) {
        found.push(condition);
      }
    }
    return found;
  }

  /** Seconds without media. */
  sinceMediaSec(): number | undefined {
    return this.watch.sinceMediaSec(this.#nowMs);
  }

  get rates(): { transportBytes: 0; iceResponses: 0; videoPackets: 0; audioPackets: 0; framesDecoded: 0 } {
    return { transportBytes: 0, iceResponses: 0, videoPackets: 0, audioPackets: 0, framesDecoded: 0 };
  }
}

const camera = { transportBytes: 300_000, videoPackets: 300, audioPackets: 50, framesDecoded: 30 };

describe('WhepWatch', () => {
  test('a camera with sound flows', () => {
    const session = new Session();
    expect(session.run(10, camera)).toEqual(['starting', 'flowing']);
    expect(session.watch.hasPicture && session.watch.hasSound).toBe(true);
  });

  test('a screen share of one picture a second flows, with sound and without', () => {
    const share = { transportBytes: 20_000, videoPackets: 10, framesDecoded: 1 };
    expect(new Session().run(20, { ...share, audioPackets: 50 })).toEqual(['starting', 'flowing']);
    expect(new Session().run(20, share)).toEqual(['starting', 'flowing']);
  });

  test('a share that stands still while its sound goes on is no stall', () => {
    const session = new Session();
    session.run(5, camera);
    expect(session.run(30, { transportBytes: 5_000, audioPackets: 50 })).toEqual(['flowing']);
  });

  test('packets that never become pictures are a stall', () => {
    const session = new Session();
    session.run(5, camera);
    expect(session.run(2, { ...camera, framesDecoded: 0 })).toEqual(['flowing', 'stalled']);
    expect(session.run(2, camera).at(-1)).toBe('flowing');
  });

  test('when nothing comes at all it is a stall first, then silence', () => {
    const session = new Session();
    session.run(5, camera);
    expect(session.run(3, {})).toEqual(['flowing', 'stalled', 'silent']);
    expect(session.sinceMediaSec()).toBeUndefined();
  });

  test('without media, but with reports, it is the publisher who is silent', () => {
    const session = new Session();
    session.run(5, camera);
    expect(session.run(4, { transportBytes: 100 })).toEqual(['flowing', 'stalled']);
    expect(session.sinceMediaSec()).toBeCloseTo(4);
    expect(session.run(2, { transportBytes: 100 }).at(-1)).toBe('no-media');
  });

  test('old pictures that are repeated meanwhile do not end the wait; sound or a second of pictures does', () => {
    const session = new Session();
    session.run(5, camera);
    session.run(2, { transportBytes: 100 });
    expect(session.run(0.4, { transportBytes: 100, videoPackets: 200, framesDecoded: 30 })).toEqual([
      'stalled',
    ]);
    expect(session.run(1, { transportBytes: 100 })).toEqual(['stalled']);
    expect(session.run(2, { videoPackets: 300, framesDecoded: 30 })).toEqual(['stalled', 'flowing']);
    session.run(1, {});
    expect(session.run(1, camera).at(-1)).toBe('flowing');
  });

  test('a silent share that stands still for long is not given up', () => {
    const session = new Session();
    session.run(5, { transportBytes: 20_000, videoPackets: 10, framesDecoded: 1 });
    expect(session.run(30, { transportBytes: 100 })).toEqual(['flowing']);
  });

  test('a session on which nothing ever comes is given up after five seconds', () => {
    expect(new Session().run(6, { iceResponses: 1 })).toEqual(['starting', 'no-media']);
  });

  test('time before the connection does not count', () => {
    const watch = new WhepWatch();
    watch.update(whepReading({ nowMs: 0 }), false);
    expect(watch.update(whepReading({ nowMs: 20_000 }), false)).toBe('starting');
    expect(watch.update(whepReading({ nowMs: 24_000 }), true)).toBe('starting');
  });
});

import { describe, expect, test } from 'vitest';
import { AnswerWatch } from './answer-watch.ts';

/** Milliseconds of an Opus frame, and of an AAC frame at 48 kHz. */
const OPUS_MS = 20;
const AAC_MS = 1024 / 48;

describe('AnswerWatch', () => {
  test('input that is not answered for 5 s is a hang, not earlier', () => {
    const watch = new AnswerWatch();
    const asked: boolean[] = [];
    for (let ms = 0; ms <= 5020; ms += OPUS_MS) asked.push(watch.asked(ms));
    expect(asked.indexOf(true)).toBe(5020 / OPUS_MS);
  });

  test('an answer begins the watch anew', () => {
    const watch = new AnswerWatch();
    for (let ms = 0; ms <= 4980; ms += OPUS_MS) watch.asked(ms);
    watch.answered();
    expect(watch.asked(5020)).toBe(false);
    expect(watch.asked(5040)).toBe(false);
  });

  test.each(Array.from({ length: 16 }, (_, frames) => frames))(
    'a pause of 6 s is no hang, whatever part of a frame was left (%i frames before it)',
    (frames) => {
      const watch = new AnswerWatch();
      let answeredMs = AAC_MS;
      const say = (ms: number, saidMs: number): boolean => {
        const hangs = watch.asked(ms);
        for (; answeredMs <= saidMs; answeredMs += AAC_MS) watch.answered();
        return hangs;
      };
      let saidMs = 0;
      for (let frame = 0; frame < 48 + frames; frame++) say(frame * OPUS_MS, (saidMs += OPUS_MS));
      const afterMs = (48 + frames) * OPUS_MS + 6000;
      for (let frame = 0; frame < 10; frame++)
        expect(say(afterMs + frame * OPUS_MS, (saidMs += OPUS_MS))).toBe(false);
    },
  );

  test('one that answers nothing after a pause hangs 5 s later', () => {
    const watch = new AnswerWatch();
    watch.asked(0);
    const asked: boolean[] = [];
    for (let ms = 6000; ms <= 11_020; ms += OPUS_MS) asked.push(watch.asked(ms));
    expect(asked.indexOf(true)).toBe(5020 / OPUS_MS);
  });
});

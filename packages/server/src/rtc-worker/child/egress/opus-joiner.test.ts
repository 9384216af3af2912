import { opusPacketSamples } from '@tallylight/media/codecs/opus/packet-duration.ts';
import { describe, expect, test } from 'vitest';
import { OpusJoiner, type OpusUnit } from './opus-joiner.ts';

/** CELT, stereo, one frame of 20 ms. */
const TOC = 0xfc;

function unit(ptsMs: number, frame: readonly number[] | Uint8Array = [1, 2, 3], toc = TOC): OpusUnit {
  const payload = Uint8Array.from([toc, ...frame]);
  return { ptsMs, samples: opusPacketSamples(payload) ?? 0, payload };
}

describe('OpusJoiner', () => {
  test('hands packets on while it is not to join', () => {
    const joiner = new OpusJoiner();
    for (const each of [unit(0), unit(20)]) expect(joiner.take(each, false)).toEqual([each]);
  });

  test('joins each two, which last as long and come at the first', () => {
    const joiner = new OpusJoiner();
    expect(joiner.take(unit(0), true)).toEqual([]);
    const [pair, ...more] = joiner.take(unit(21), true);
    expect(more).toEqual([]);
    expect(pair).toMatchObject({ ptsMs: 0, samples: 1920 });
    expect(opusPacketSamples(pair?.payload ?? new Uint8Array())).toBe(1920);
    expect(joiner.take(unit(40), true)).toEqual([]);
  });

  test('what waits when the joining ends goes with its successor', () => {
    const joiner = new OpusJoiner();
    joiner.take(unit(0), true);
    expect(joiner.take(unit(20), false)).toMatchObject([{ ptsMs: 0, samples: 1920 }]);
    expect(joiner.take(unit(40), false)).toHaveLength(1);
  });

  test.each([
    ['a gap', unit(40)],
    ['a step back', unit(0)],
    ['another mode', unit(20, [1], 0x7c)],
    ['a pair that no packet holds', unit(20, new Uint8Array(1190))],
  ])('sends the first alone before %s', (_why, second) => {
    const joiner = new OpusJoiner();
    const first = unit(0);
    joiner.take(first, true);
    const sent = joiner.take(second, true);
    expect(sent[0]).toBe(first);
  });

  test('does not hold packets of 40 ms', () => {
    const joiner = new OpusJoiner();
    const two = unit(0, [1, 2], TOC | 1);
    expect(joiner.take(two, true)).toEqual([two]);
  });
});

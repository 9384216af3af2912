import { describe, expect, test } from 'vitest';
import { LayerChoice, type LayerState } from './layer-choice.ts';

const SMALL = 320 * 180;
const LARGE = 1280 * 720;

function layers(small: Partial<LayerState>, large: Partial<LayerState>): LayerState[] {
  return [
    { rid: 'q', pixels: SMALL, lastPacketMs: 0, lastButOneMs: 0, ...small },
    { rid: 'f', pixels: LARGE, lastPacketMs: 0, lastButOneMs: 0, ...large },
  ];
}

describe('of the layers of a simulcast', () => {
  test('the largest is taken, whatever the order of the offer', () => {
    const choice = new LayerChoice(2);
    const now = { lastPacketMs: 1000 };
    expect(choice.takes('q', true, layers({ pixels: SMALL, ...now }, { pixels: 0, ...now }), 1000)).toBe(
      false,
    );
    expect(choice.takes('f', true, layers(now, now), 1050)).toBe(true);
    expect(choice.takes('q', true, layers(now, now), 1060)).toBe(false);
    expect(choice.chosen).toBe('f');
  });

  test('a smaller one is taken when the larger does not show itself within 0.8 s', () => {
    const choice = new LayerChoice(2);
    const alone = (nowMs: number) =>
      layers(
        { lastPacketMs: nowMs },
        { pixels: 0, lastPacketMs: Number.NEGATIVE_INFINITY, lastButOneMs: Number.NEGATIVE_INFINITY },
      );
    expect(choice.takes('q', true, alone(0), 0)).toBe(false);
    expect(choice.takes('q', false, alone(900), 900)).toBe(false);
    expect(choice.takes('q', true, alone(950), 950)).toBe(true);
  });

  test('the next smaller follows at its keyframe when the larger was silent for 1 s, and the larger when it is back', () => {
    const choice = new LayerChoice(2);
    choice.takes('f', true, layers({}, {}), 0);
    expect(choice.takes('q', true, layers({ lastPacketMs: 900 }, { lastPacketMs: 500 }), 900)).toBe(false);
    const silent = layers({ lastPacketMs: 1600, lastButOneMs: 1560 }, { lastPacketMs: 500 });
    expect(choice.wanted(silent, 1600)).toBe('q');
    expect(choice.takes('q', false, silent, 1600)).toBe(false);
    expect(choice.takes('q', true, silent, 1600)).toBe(true);

    const back = layers({ lastPacketMs: 3000 }, { lastPacketMs: 3000 });
    expect(choice.wanted(back, 3000)).toBe('f');
    expect(choice.takes('q', false, back, 3000)).toBe(true);
    expect(choice.takes('f', true, back, 3010)).toBe(true);
    expect(choice.takes('q', false, back, 3020)).toBe(false);
  });

  test('one that is not larger changes nothing', () => {
    const choice = new LayerChoice(2);
    choice.takes('q', true, layers({}, { pixels: SMALL }), 0);
    expect(choice.takes('f', true, layers({}, { pixels: SMALL }), 10)).toBe(false);
  });

  test('the chosen one stays when all are silent', () => {
    const choice = new LayerChoice(2);
    choice.takes('f', true, layers({}, {}), 0);
    expect(choice.wanted(layers({}, {}), 60_000)).toBe('f');
  });

  test('none is silent when pictures are seconds apart, though the smaller one comes first', () => {
    const choice = new LayerChoice(2);
    choice.takes('f', true, layers({}, {}), 0);
    const small = { lastPacketMs: 4000, lastButOneMs: 2000 };
    const between = layers(small, { lastPacketMs: 2005, lastButOneMs: 5 });
    expect(choice.wanted(between, 4002)).toBe('f');
    expect(choice.takes('q', true, between, 4002)).toBe(false);
    // Two pictures later it has stopped.
    const stopped = layers(
      { lastPacketMs: 6000, lastButOneMs: 4000 },
      { lastPacketMs: 2005, lastButOneMs: 5 },
    );
    expect(choice.wanted(stopped, 6002)).toBe('q');
  });

  test('those need a keyframe now that are wanted or of unknown size; the taken one now and then, silent ones none', () => {
    const choice = new LayerChoice(2);
    const needs = (state: LayerState[], nowMs: number) =>
      ['q', 'f'].map((rid) => choice.keyframeNeed(rid, state, nowMs));
    const absent = {
      pixels: 0,
      lastPacketMs: Number.NEGATIVE_INFINITY,
      lastButOneMs: Number.NEGATIVE_INFINITY,
    };
    expect(needs(layers({}, absent), 0)).toEqual(['now', 'none']);
    choice.takes('q', true, layers({}, {}), 0);
    choice.takes('f', true, layers({}, {}), 0);
    expect(needs(layers({}, {}), 0)).toEqual(['none', 'regular']);
    expect(needs(layers({ pixels: 0 }, {}), 0)).toEqual(['now', 'regular']);
    expect(needs(layers({ lastPacketMs: 1600, lastButOneMs: 1560 }, {}), 1600)).toEqual(['now', 'none']);

    const small = new LayerChoice(2);
    small.takes('q', true, layers({}, { pixels: SMALL }), 0);
    expect(small.keyframeNeed('q', layers({}, {}), 0)).toBe('regular');
    expect(small.keyframeNeed('f', layers({}, {}), 0)).toBe('now');
    expect(small.keyframeNeed('x', layers({}, {}), 0)).toBe('none');
  });
});

import { describe, expect, test } from 'vitest';
import { toneSampleRate, writeTone } from './tone.ts';

function loudness(bytes: Uint8Array): number {
  const samples = new Int16Array(bytes.buffer);
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

describe('writeTone', () => {
  test('beeps for the first 100 ms of every Unix second, and hums between', () => {
    const beep = loudness(writeTone(1_000_000_000_000, toneSampleRate / 10));
    const hum = loudness(writeTone(1_000_000_000_500, toneSampleRate / 10));
    expect(beep).toBeGreaterThan(5 * hum);
    expect(hum).toBeGreaterThan(100);
  });

  test('pieces join without a step', () => {
    const whole = writeTone(1_000_000_000_990, 2000);
    const pieces = [writeTone(1_000_000_000_990, 960), writeTone(1_000_000_001_010, 1040)];
    expect(Buffer.concat(pieces).equals(whole)).toBe(true);
  });
});

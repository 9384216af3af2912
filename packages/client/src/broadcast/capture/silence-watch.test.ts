import { expect, test } from 'vitest';
import { SilenceWatch } from './silence-watch.ts';

test('ten seconds without a sound are silence, nine are a pause', () => {
  const watch = new SilenceWatch();
  expect(watch.update(-20, 1_000)).toBe(false);
  expect(watch.update(-90, 10_999)).toBe(false);
  expect(watch.update(Number.NEGATIVE_INFINITY, 11_000)).toBe(true);
  expect(watch.update(-30, 11_100)).toBe(false);
  expect(watch.update(-90, 20_000)).toBe(false);
});

test('a microphone that never gave anything is silent after ten seconds as well', () => {
  const watch = new SilenceWatch();
  expect(watch.update(-90, 0)).toBe(false);
  expect(watch.update(-90, 10_000)).toBe(true);
  watch.reset();
  expect(watch.update(-90, 12_000)).toBe(false);
});

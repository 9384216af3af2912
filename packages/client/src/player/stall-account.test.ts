import { expect, test } from 'vitest';
import { StallAccount } from './stall-account.ts';

test('one stall counts once, however often it is seen', () => {
  const stall = new StallAccount();
  expect([stall.begin(0), stall.begin(0)]).toEqual([true, false]);
  expect(stall.end()).toEqual({ starved: true, publisherWasSilent: false });
  expect(stall.end()).toBeUndefined();
});

test('with media ahead it is the decoder that stopped', () => {
  const stall = new StallAccount();
  stall.begin(2);
  expect(stall.end()?.starved).toBe(false);
});

test('a silent publisher is remembered for this stall only', () => {
  const stall = new StallAccount();
  stall.begin(0);
  stall.notePublisherSilent();
  expect(stall.end()?.publisherWasSilent).toBe(true);
  stall.begin(0);
  expect(stall.end()?.publisherWasSilent).toBe(false);
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AddressRenewal, tokenLifeMs } from './address-renewal.ts';
import type { PlayerAddresses } from './player-options.ts';

const ISSUED_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;

/** A playlist whose token lives for so long; made from the form that the server's `WatchTokens` has. */
function playlist(lifeMs: number, name = 'a'): string {
  const ends = (ISSUED_MS + lifeMs).toString(36);
  return `https://live.example/hls/t/v.${ISSUED_MS.toString(36)}.${ends}.${name}.0.signature/show/index.m3u8`;
}

test('the life of a token stands in its address', () => {
  expect(tokenLifeMs(playlist(3_600_000))).toBe(3_600_000);
  expect(tokenLifeMs('https://live.example/hls/show/index.m3u8')).toBeUndefined();
  expect(tokenLifeMs('https://live.example/hls/t/other/show/index.m3u8')).toBeUndefined();
  expect(tokenLifeMs(playlist(-1))).toBeUndefined();
});

describe('AddressRenewal', () => {
  const renewed: string[] = [];
  const player = { renew: ({ url }: PlayerAddresses) => void renewed.push(url) };

  beforeEach(() => {
    vi.useFakeTimers();
    renewed.length = 0;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('an hour’s token is renewed after 55 minutes, and the next one after its own time', async () => {
    const lives = [30 * MINUTE_MS, 60 * MINUTE_MS];
    const renewal = new AddressRenewal({
      ...{ player, url: playlist(60 * MINUTE_MS) },
      fetchAddresses: () => Promise.resolve({ url: playlist(lives.shift() ?? 0, 'next') }),
    });
    await vi.advanceTimersByTimeAsync(55 * MINUTE_MS - 1);
    expect(renewed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(renewed).toEqual([playlist(30 * MINUTE_MS, 'next')]);
    await vi.advanceTimersByTimeAsync(27.5 * MINUTE_MS);
    expect(renewed).toHaveLength(2);
    renewal.close();
    await vi.advanceTimersByTimeAsync(120 * MINUTE_MS);
    expect(renewed).toHaveLength(2);
  });

  test('a server that does not answer is asked again every ten seconds, also after the end', async () => {
    const fetchAddresses = vi
      .fn<() => Promise<PlayerAddresses | undefined>>()
      .mockRejectedValueOnce(new Error('away'))
      .mockResolvedValueOnce(undefined)
      .mockResolvedValue({ url: playlist(60 * MINUTE_MS, 'new') });
    const renewal = new AddressRenewal({ player, url: playlist(60 * MINUTE_MS), fetchAddresses });
    await vi.advanceTimersByTimeAsync(55 * MINUTE_MS + 19_999);
    expect(renewed).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(renewed).toHaveLength(1);
    renewal.close();
  });

  test('a stream that everybody may watch needs none', async () => {
    const fetchAddresses = vi.fn(() => Promise.resolve(undefined));
    const renewal = new AddressRenewal({ player, url: '/hls/show/index.m3u8', fetchAddresses });
    await vi.advanceTimersByTimeAsync(24 * 60 * MINUTE_MS);
    expect(fetchAddresses).not.toHaveBeenCalled();
    renewal.close();
  });

  test('an answer that comes after the end is not used', async () => {
    const answer = Promise.withResolvers<PlayerAddresses>();
    const renewal = new AddressRenewal({
      ...{ player, url: playlist(MINUTE_MS), fetchAddresses: () => answer.promise },
    });
    await vi.advanceTimersByTimeAsync(55_000);
    renewal.close();
    answer.resolve({ url: playlist(MINUTE_MS, 'late') });
    await vi.advanceTimersByTimeAsync(0);
    expect(renewed).toEqual([]);
  });
});

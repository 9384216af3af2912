import { afterEach, describe, expect, test, vi } from 'vitest';
import { fetchStreamLimits, parseLimits, parseStreamSettings, sameLimits } from './stream-limits.ts';
import { FakeServer } from './testing/fake-server.ts';

const limits = { maxBitrateBps: 6_000_000, maxShortSide: 1080, maxFrameRate: 30 };
const ask = () => fetchStreamLimits('https://live.example/whip', 'my show', new AbortController().signal);

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('limits of a stream', () => {
  test('are read from its health, whatever else stands there', () => {
    expect(parseLimits({ ...limits, other: 1 })).toEqual(limits);
    expect(parseLimits({ maxBitrateBps: '6', maxShortSide: -1, maxFrameRate: Number.NaN })).toEqual({});
    expect(parseLimits(undefined)).toEqual({});
  });

  test('are read from its settings, in which auto is none', () => {
    expect(parseStreamSettings({ bitrateKbps: 6000, maxResolution: '1080p', fps: 30 })).toEqual(limits);
    expect(parseStreamSettings({ bitrateKbps: 800, maxResolution: 'auto' })).toEqual({
      maxBitrateBps: 800_000,
    });
    expect(parseStreamSettings(null)).toEqual({});
  });

  test('are asked for by the stream’s id; who may not see it learns none', async () => {
    const server = FakeServer.install();
    expect(await ask()).toBeUndefined();
    server.settings = { bitrateKbps: 6000, maxResolution: '1080p', fps: 30 };
    expect(await ask()).toEqual(limits);
    expect(server.requests[0]?.url).toBe('https://live.example/api/streams/my%20show');
  });

  test('are the same when each is', () => {
    expect(sameLimits(limits, { ...limits })).toBe(true);
    expect(sameLimits(limits, { ...limits, maxFrameRate: 60 })).toBe(false);
    expect(sameLimits({}, { maxBitrateBps: 1 })).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import { DEFAULT_HTTP_LIMITS } from '../http/http-limits.ts';
import { defaultRtmpLimits } from '../ingest/rtmp/rtmp-limits.ts';
import { DEFAULT_ORIGIN_LIMITS } from '../origin/origin-limits.ts';
import { loadConfig } from './config.ts';
import { limitSettings } from './limit-settings.ts';

/**
 * How often we look, how long we wait for ourselves, and what other bounds hold too: an application has one of a few names, and answers
 * are a few hundred bytes each.
 */
const DESIGN: ReadonlySet<string> = new Set([
  ...['checkIntervalMs', 'closeGraceMs', 'exemptLoopback', 'tickMs'],
  ...['maxAppLength', 'maxUnsentBytes'],
]);

describe('limits of HTTP, playlists and RTMP', () => {
  test('each has the default that its folder gives it', () => {
    const { http, origin, rtmp } = loadConfig([], {});
    expect(http.limits).toEqual(DEFAULT_HTTP_LIMITS);
    expect(origin.limits).toEqual(DEFAULT_ORIGIN_LIMITS);
    expect(rtmp.limits).toEqual(defaultRtmpLimits);
  });

  test('each is a setting, but for what is design', () => {
    const most = Object.values(limitSettings).map(
      (setting) => [setting.env, /to (\d+)/.exec(wordsOf(() => setting.parse('x')))?.[1] ?? ''] as const,
    );
    const least = Object.values(limitSettings).map(
      (setting) => [setting.env, /from (\d+)/.exec(wordsOf(() => setting.parse('x')))?.[1] ?? ''] as const,
    );
    const leaves = (env: readonly (readonly [string, string])[]): Map<string, unknown> => {
      const { http, origin, rtmp } = loadConfig([], Object.fromEntries(env));
      const { amf, ...flat } = rtmp.limits;
      return new Map(Object.entries({ ...http.limits, ...origin.limits, ...flat, ...amf }));
    };
    const [low, high] = [leaves(least), leaves(most)];
    const fixed = [...low].filter(([name, value]) => high.get(name) === value).map(([name]) => name);
    expect(fixed.toSorted()).toEqual([...DESIGN].toSorted());
  });
});

function wordsOf(work: () => unknown): string {
  try {
    return String(work());
  } catch (error) {
    return String(error);
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import type { LintClock, PlaylistFetch } from '@tallylight/hls/lint/playlist-source.ts';

/** Real time for the lint. */
export const lintClock: LintClock = {
  monotonicMs: () => performance.now(),
  sleep: async (ms) => {
    await delay(ms);
  },
};

/** HTTP for the lint; a held reload may take three target durations. */
export const lintFetch: PlaylistFetch = (url) => fetch(url, { signal: AbortSignal.timeout(20_000) });

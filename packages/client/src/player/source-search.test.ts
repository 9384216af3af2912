import { describe, expect, test, vi } from 'vitest';
import { SourceSearch } from './source-search.ts';

describe('SourceSearch', () => {
  test('reports why the stream is away until it is live, then once that it was found', async () => {
    vi.useFakeTimers();
    try {
      const statuses = [404, 503, 200];
      const heard: string[] = [];
      const search = new SourceSearch(
        () => 'https://live.example/index.m3u8',
        { found: () => heard.push('found'), stillAway: (condition) => heard.push(condition) },
        () => {
          const status = statuses.shift() ?? 200;
          return Promise.resolve({ ok: status === 200, status, text: () => Promise.resolve('#EXTM3U\n') });
        },
      );
      search.start();
      search.start();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(heard).toEqual(['absent', 'busy', 'found']);
      expect(search.running).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a stopped search asks no more', async () => {
    vi.useFakeTimers();
    try {
      let requests = 0;
      const search = new SourceSearch(
        () => 'https://live.example/index.m3u8',
        { found: () => undefined, stillAway: () => undefined },
        () => {
          requests += 1;
          return Promise.resolve({ ok: false, status: 404, text: () => Promise.resolve('') });
        },
      );
      search.start();
      await vi.advanceTimersByTimeAsync(300);
      search.stop();
      search.stop();
      await vi.advanceTimersByTimeAsync(20_000);
      expect(requests).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});

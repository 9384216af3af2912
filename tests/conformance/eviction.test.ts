import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpGet } from '../support/http-client.ts';
import { LiveStream } from '../support/live-stream.ts';
import { waitFor } from '../support/wait-for.ts';

describe('scenario 16: what slides out of the window', () => {
  let stream: LiveStream;

  beforeAll(async () => {
    stream = await LiveStream.start({ env: { WINDOW_SEGMENTS: '8' }, source: { burstMs: 8000 } });
    await stream.until('a full window', 'source', ({ segments }) => segments.length >= 8);
  });

  afterAll(() => stream.close());

  test('stays downloadable for its own and the playlist’s duration, then it is gone', async () => {
    const full = await stream.playlist('source');
    const oldest = full.segments[0];
    const first = full.segments.findIndex(({ parts }) => parts.length > 0);
    const withParts = full.segments[first];
    expect(oldest?.gap).toBe(false);
    // §6.2.2: parts leave before their segment, once they are three target durations old.
    expect(first).toBeGreaterThan(0);
    const sumSec = full.segments.slice(first + 1).reduce((sum, { durationSec }) => sum + durationSec, 0);
    expect(sumSec).toBeLessThan(3 * full.targetDurationSec);

    const part = withParts?.parts[0]?.uri ?? '';
    const segment = oldest?.uri ?? '';
    const [partUrl, segmentUrl] = [stream.rendition('source', part), stream.rendition('source', segment)];
    await stream.until('the part to leave', 'source', (now) =>
      now.segments.every(({ parts }) => parts.every(({ uri }) => uri !== part)),
    );
    await stream.until('the segment to leave', 'source', (now) =>
      now.segments.every(({ uri }) => uri !== segment),
    );
    const leftMs = performance.now();
    const lengthSec = full.segments.reduce((sum, { durationSec }) => sum + durationSec, 0);

    const gone = await waitFor(
      'the segment to be gone',
      async () => {
        const [answer, ofPart] = await Promise.all([httpGet(segmentUrl), httpGet(partUrl)]);
        // The part's segment is younger than the oldest: it is there at least as long.
        expect(ofPart.status).toBe(200);
        if (answer.status === 404) return answer;
        expect(answer.status).toBe(200);
        return undefined;
      },
      20_000,
      100,
    );
    expect((gone.sentMs - leftMs) / 1000).toBeGreaterThan(lengthSec - 0.5);
    expect((gone.sentMs - leftMs) / 1000).toBeLessThan(lengthSec + 5);
  });

  test('what never was is 404 at once', async () => {
    const { segments } = await stream.playlist('source');
    const last = segments.at(-1)?.uri ?? '';
    const [run, msn] = last.split('.');
    const never = [
      `${run}.${Number(msn) + 9}.m4s`,
      `${run}.${msn}.77.m4s`,
      `x${run}.${msn}.m4s`,
      'nothing.mp4',
    ];
    for (const name of never) {
      const answer = await httpGet(stream.rendition('source', name));
      expect(answer.status).toBe(404);
      expect(answer.lastByteMs - answer.sentMs).toBeLessThan(150);
    }
  });
});

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OriginFixture } from './testing/fixture.ts';

let fixture: OriginFixture;

beforeEach(async () => {
  fixture = await OriginFixture.start();
  fixture.video.advance(53);
  fixture.audio.advance(53);
});
afterEach(() => fixture.close());

describe('Scenario 20: the end of a stream (§6.2.5)', () => {
  test('1000 waiting requests get the final playlist with 200 within a second, in bounded memory', async () => {
    const before = process.memoryUsage().heapUsed;
    const answers = Array.from({ length: 1000 }, (_, index) =>
      fixture.get(fixture.playlistPath(`_HLS_msn=1700000005&_HLS_part=${3 + (index % 5)}`)),
    );
    await fixture.untilHeld(1000);
    // Both ends of every connection are in this process.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 << 20);
    const endedMs = performance.now();
    fixture.video.end();
    await fixture.untilHeld(0);
    expect(performance.now() - endedMs).toBeLessThan(1000);
    const ended = await Promise.all(answers);
    expect(new Set(ended.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(ended.map((answer) => answer.text)).size).toBe(1);
    expect(ended[0]?.text).toMatch(/#EXT-X-ENDLIST\n$/);
    expect(fixture.origin.stats().held).toBe(0);
    expect(fixture.video.listeners).toBe(0);
  });

  test.each([
    '_HLS_msn=1700000099',
    '_HLS_part=2',
    '_HLS_msn=abc',
    '_HLS_skip=YES',
    '_HLS_msn=1700000006&_HLS_part=0',
  ])('%s is ignored after the end', async (query) => {
    fixture.video.end();
    const answer = await fixture.get(fixture.playlistPath(query));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('#EXT-X-ENDLIST');
    expect(answer.text).not.toContain('#EXT-X-PRELOAD-HINT');
    expect(answer.text).not.toContain('#EXT-X-SKIP');
  });
});

describe('an origin that closes', () => {
  test('releases what waits with 503 and holds nothing more', async () => {
    const waiting = fixture.get(fixture.playlistPath('_HLS_msn=1700000005&_HLS_part=3'));
    await fixture.untilHeld(1);
    fixture.origin.close();
    fixture.origin.close();
    expect((await waiting).status).toBe(503);
    expect((await fixture.get(fixture.playlistPath('_HLS_msn=1700000005&_HLS_part=3'))).status).toBe(503);
  });
});

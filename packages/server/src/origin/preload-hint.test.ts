import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OriginFixture } from './testing/fixture.ts';

let fixture: OriginFixture;

beforeEach(async () => {
  fixture = await OriginFixture.start({ shape: { partBytes: 200_000 } });
  fixture.video.advance(3);
});
afterEach(() => fixture.close());

const HINTED = '/hls/live/720p/r.1700000000.3.m4s';

describe('Scenario 12: a hinted part is held and then sent in one burst (§6.2.6)', () => {
  test('its bytes come whole, once they all exist', async () => {
    const answer = fixture.get(HINTED);
    await fixture.untilHeld(1);
    fixture.video.advance();
    const { status, body, firstByteMs, lastByteMs } = await answer;
    expect(status).toBe(200);
    expect(body.length).toBe(200_000);
    expect(body.subarray(0, 20).toString()).toBe('r.1700000000.3.m4s;r');
    expect(lastByteMs - firstByteMs).toBeLessThan(20);
  });

  test('a range of it is held as well', async () => {
    const answer = fixture.get(HINTED, { range: 'bytes=10-19' });
    await fixture.untilHeld(1);
    fixture.video.advance();
    const { status, headers, body } = await answer;
    expect([status, body.length]).toEqual([206, 10]);
    expect(headers['content-range']).toBe('bytes 10-19/200000');
  });
});

describe('Scenario 13: a hint that comes to nothing', () => {
  test('is 404 at once, and the next hint is held', async () => {
    const answer = fixture.get(HINTED);
    await fixture.untilHeld(1);
    fixture.video.abandonHint();
    expect((await answer).status).toBe(404);
    const next = fixture.get('/hls/live/720p/r.1700000001.0.m4s');
    await fixture.untilHeld(1);
    fixture.video.advance();
    expect((await next).status).toBe(200);
  });

  test('is 404 when the stream ends', async () => {
    const answer = fixture.get(HINTED);
    await fixture.untilHeld(1);
    fixture.video.end();
    expect((await answer).status).toBe(404);
  });
});

describe('media that is neither there nor hinted (rule 37)', () => {
  test.each(['r.1700000000.4.m4s', 'r.1700000009.m4s', 'nonsense', 'r.init-9.mp4'])(
    '%s is 404 at once',
    async (name) => {
      const answer = await fixture.get(`/hls/live/720p/${name}`);
      expect(answer.status).toBe(404);
      expect(answer.headers['cache-control']).toBe('public, max-age=0, s-maxage=1');
      expect(fixture.origin.stats().held).toBe(0);
    },
  );
});

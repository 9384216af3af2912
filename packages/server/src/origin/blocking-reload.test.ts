import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, OriginFixture, until } from './testing/fixture.ts';

/** L of the rules: the last complete segment after {@link OriginFixture} advanced by 53 parts. */
const L = 1_700_000_004;

let fixture: OriginFixture;

beforeEach(async () => {
  fixture = await OriginFixture.start();
  fixture.video.advance(53);
  fixture.audio.advance(53);
});
afterEach(() => fixture.close());

function reload(query: string): Promise<Answer> {
  return fixture.get(fixture.playlistPath(query));
}

/** Sends a request, sees that it is held, advances, and gives the answer. */
async function heldUntil(query: string, parts: number): Promise<Answer> {
  let answered = false;
  const answer = reload(query).finally(() => {
    answered = true;
  });
  await fixture.untilHeld(1);
  for (let made = 0; made < parts; made++) {
    expect(answered).toBe(false);
    expect(fixture.origin.stats().held).toBe(1);
    fixture.video.advance();
    await Promise.resolve();
  }
  return answer;
}

describe('Scenario 6: the next part is answered when it exists, never early (§6.2.5.2)', () => {
  test('the next part of the open segment', async () => {
    const answer = await heldUntil(`_HLS_msn=${L + 1}&_HLS_part=3`, 1);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(`URI="r.${L + 1}.3.m4s"`);
  });

  test('a part several ahead is held for all of them', async () => {
    const answer = await heldUntil(`_HLS_msn=${L + 1}&_HLS_part=6`, 4);
    expect(answer.text).toContain(`URI="r.${L + 1}.6.m4s"`);
  });

  test('a listed part is answered at once', async () => {
    const answer = await reload(`_HLS_msn=${L + 1}&_HLS_part=2`);
    expect(answer.status).toBe(200);
    expect(fixture.origin.stats().held).toBe(0);
  });
});

describe('Scenario 7: waiting requests share one rendering', () => {
  test('500 clients on the same pair get identical bytes', async () => {
    const answers = Array.from({ length: 500 }, () => reload(`_HLS_msn=${L + 1}&_HLS_part=3`));
    await fixture.untilHeld(500);
    fixture.video.advance();
    const bodies = new Set((await Promise.all(answers)).map((answer) => answer.text));
    expect(bodies.size).toBe(1);
  });
});

describe('Scenario 8: a part beyond the end of a complete segment is part 0 of the next', () => {
  test.each(['10', '99'])('_HLS_part=%s of the last complete segment is answered at once', async (part) => {
    const answer = await reload(`_HLS_msn=${L}&_HLS_part=${part}`);
    expect(answer.status).toBe(200);
    expect(answer.text).toContain(`r.${L + 1}.0.m4s`);
  });

  test('a part beyond the end of a segment that ends shorter is released by part 0 of the next', async () => {
    const answer = await heldUntil(`_HLS_msn=${L + 1}&_HLS_part=10`, 8);
    expect(answer.text).toContain(`URI="r.${L + 2}.0.m4s"`);
  });
});

describe('Scenario 9: old numbers are answered at once with the current playlist', () => {
  test.each([0, 1, L - 100, L - 1, L])('_HLS_msn=%d', async (msn) => {
    const answer = await reload(`_HLS_msn=${msn}`);
    expect(answer.status).toBe(200);
    expect(answer.text).toBe((await reload('')).text);
  });
});

describe('Scenario 10: what is held and what is refused', () => {
  test('L + 2 is held', async () => {
    const answer = await heldUntil(`_HLS_msn=${L + 2}&_HLS_part=0`, 8);
    expect(answer.status).toBe(200);
  });

  test.each([
    `_HLS_msn=${L + 3}`,
    '_HLS_part=1',
    '_HLS_msn=abc',
    '_HLS_msn=-1',
    '_HLS_msn=9223372036854775808',
    '_HLS_msn=9007199254740992',
    '_HLS_msn=NaN',
    '_HLS_msn=',
    `_HLS_msn=${L + 1}&_HLS_part=99`,
    `_HLS_msn=${L + 1}&_HLS_part=-1`,
    `_HLS_msn=${L + 1}&_HLS_part=0x3`,
  ])('%s is 400', async (query) => {
    const answer = await reload(query);
    expect(answer.status).toBe(400);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  test('other parameters are left alone', async () => {
    expect((await reload('cdn=1&_=2')).status).toBe(200);
  });
});

describe('Scenario 11: a source that stands still', () => {
  test('is answered 503 no-store after the longest hold, and recovers', async () => {
    const short = await OriginFixture.start({ limits: { maxHoldMs: 100 } });
    try {
      short.video.advance(5);
      const path = short.playlistPath(`_HLS_msn=${short.video.edge.msn}&_HLS_part=5`);
      const startMs = performance.now();
      const refused = await short.get(path);
      expect(refused.status).toBe(503);
      expect(refused.headers['cache-control']).toBe('no-store');
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(99);
      expect(performance.now() - startMs).toBeLessThan(1000);
      const again = short.get(path);
      await short.untilHeld(1);
      short.video.advance();
      expect((await again).status).toBe(200);
    } finally {
      await short.close();
    }
  });

  test('the longest hold is three target durations when that is shorter', async () => {
    const short = await OriginFixture.start({ shape: { targetDurationSec: 0.05 } });
    try {
      short.video.advance(5);
      const startMs = performance.now();
      const refused = await short.get(short.playlistPath(`_HLS_msn=${short.video.edge.msn}&_HLS_part=5`));
      expect(refused.status).toBe(503);
      expect(performance.now() - startMs).toBeGreaterThanOrEqual(149);
      expect(performance.now() - startMs).toBeLessThan(1500);
    } finally {
      await short.close();
    }
  });
});

describe('a client that leaves', () => {
  test('is forgotten, and nothing listens to the rendition any more', async () => {
    const abort = new AbortController();
    const path = fixture.playlistPath(`_HLS_msn=${L + 1}&_HLS_part=3`);
    const left = fixture.get(path, {}, 'GET', abort.signal).catch(() => 'left');
    await fixture.untilHeld(1);
    expect(fixture.video.listeners).toBe(1);
    abort.abort();
    expect(await left).toBe('left');
    await fixture.untilHeld(0);
    expect(fixture.video.listeners).toBe(0);
  });
});

describe('HEAD', () => {
  test('is held like GET and has no body', async () => {
    const answer = fixture.get(fixture.playlistPath(`_HLS_msn=${L + 1}&_HLS_part=3`), {}, 'HEAD');
    await fixture.untilHeld(1);
    fixture.video.advance();
    const { status, headers, body } = await answer;
    expect([status, body.length]).toEqual([200, 0]);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });
});

describe('a stream that is taken away', () => {
  test('releases what waits with 404 within a tick', async () => {
    const answer = reload(`_HLS_msn=${L + 1}&_HLS_part=3`);
    await fixture.untilHeld(1);
    fixture.directory.streams.clear();
    expect((await answer).status).toBe(404);
    await until(() => fixture.video.listeners === 0, 'unsubscribed');
  });
});

describe('a rendition without its first part', () => {
  test('is waited for, and its first list is not empty (scenario 1)', async () => {
    const young = await OriginFixture.start();
    try {
      const answer = young.get(young.playlistPath());
      await young.untilHeld(1);
      young.video.advance();
      expect((await answer).text).toContain('URI="r.1700000000.0.m4s"');
    } finally {
      await young.close();
    }
  });

  test('is 404 when the stream ends before it', async () => {
    const young = await OriginFixture.start();
    try {
      const waiting = young.get(young.playlistPath());
      await young.untilHeld(1);
      young.video.end();
      expect((await waiting).status).toBe(404);
      expect((await young.get(young.playlistPath())).status).toBe(404);
    } finally {
      await young.close();
    }
  });

  test('is 404 when the start takes too long', async () => {
    const young = await OriginFixture.start({ limits: { startHoldMs: 50 } });
    try {
      expect((await young.get(young.playlistPath())).status).toBe(404);
      expect((await young.get(young.playlistPath(`_HLS_msn=5`))).status).toBe(404);
    } finally {
      await young.close();
    }
  });
});

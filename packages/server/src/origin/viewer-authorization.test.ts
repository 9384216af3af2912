import { afterEach, describe, expect, test } from 'vitest';
import type { ViewDecision, ViewRequest } from '../packager/presentation.ts';
import { OriginFixture } from './testing/fixture.ts';

let fixture: OriginFixture;
afterEach(() => fixture.close());

const NAMES = [
  'index.m3u8',
  '720p/index.m3u8',
  '720p/r.init-1.mp4',
  '720p/r.1700000004.m4s',
  '720p/r.1700000005.1.m4s',
];

async function start(
  decide: (request: ViewRequest) => ViewDecision | Promise<ViewDecision>,
): Promise<ViewRequest[]> {
  const asked: ViewRequest[] = [];
  fixture = await OriginFixture.start({
    authorizer: {
      authorize(request) {
        asked.push(request);
        return decide(request);
      },
    },
  });
  fixture.video.advance(53);
  return asked;
}

describe('ViewerAuthorizer', () => {
  test.each(NAMES)('is asked for %s, with stream, token and address', async (name) => {
    const asked = await start(() => 'public');
    expect((await fixture.get(`/hls/t/secret/live/${name}`)).status).toBe(200);
    expect((await fixture.get(`/hls/live/${name}`)).status).toBe(200);
    expect(asked).toEqual([
      { streamId: 'live', token: 'secret', address: '127.0.0.1' },
      { streamId: 'live', address: '127.0.0.1' },
    ]);
  });

  test.each(NAMES)('denied: %s is 401 without a token, 403 with one, and may not be kept', async (name) => {
    await start(() => 'denied');
    const without = await fixture.get(`/hls/live/${name}`);
    const wrong = await fixture.get(`/hls/t/wrong/live/${name}`);
    expect([without.status, wrong.status]).toEqual([401, 403]);
    expect(without.headers['www-authenticate']).toBe('Bearer');
    for (const answer of [without, wrong]) {
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    }
  });

  test('a stream that does not exist looks like one that is denied', async () => {
    await start(() => 'denied');
    expect((await fixture.get('/hls/t/wrong/nobody/index.m3u8')).status).toBe(403);
  });

  test.each(NAMES)('private: %s may be kept by nobody', async (name) => {
    await start(() => Promise.resolve('private'));
    const answer = await fixture.get(`/hls/t/right/live/${name}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('private, no-store');
    const missing = await fixture.get(`/hls/t/right/live/720p/r.9.m4s`);
    expect(missing.headers['cache-control']).toBe('private, no-store');
  });

  test('one that fails is a 500, and the next request is served', async () => {
    let failures = 2;
    await start((): ViewDecision | Promise<ViewDecision> => {
      if (failures === 0) return 'public';
      failures--;
      if (failures === 1) throw new Error('thrown');
      return Promise.reject(new Error('rejected'));
    });
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await fixture.get('/hls/live/index.m3u8')).status);
    expect(statuses).toEqual([500, 500, 200]);
  });
});

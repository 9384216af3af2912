import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusalOf } from '../../http/testing/both-protocols.ts';
import type { ViewRequest } from '../../packager/presentation.ts';
import { RtcRefusedError } from '../../rtc-worker/rtc-gateway.ts';
import { OFFER, WhepHarness } from './testing/whep-harness.ts';

const FRAGMENT = 'a=ice-ufrag:peer\r\na=ice-pwd:0123456789012345678901\r\n';

let whep: WhepHarness;
beforeEach(async () => {
  whep = await WhepHarness.start();
});
afterEach(() => whep.close());

describe.each(['HTTP/1.1', 'HTTP/2'] as const)('WHEP over %s', (version) => {
  test('POST: 201 with the answer, the session’s absolute path, its tag and the ICE servers', async () => {
    const { status, headers, body } = await whep.watch(version);
    expect(status).toBe(201);
    expect(headers['content-type']).toBe('application/sdp');
    // The foreign player joins it to the origin only when it begins with a slash.
    expect(headers.location).toMatch(/^\/whep\/live\/[0-9a-f]{32}$/);
    expect([headers.etag, headers.link]).toEqual(['"ufrag1"', '<stun:stun.test>; rel="ice-server"']);
    expect(headers['access-control-allow-origin']).toBe('*');
    expect(headers['access-control-expose-headers']).toContain('Location');
    expect(body.toString()).toContain('m=video');
    expect([whep.gateway.egresses[0]?.offer, whep.gateway.egresses[0]?.feed]).toEqual([OFFER, whep.feed]);
    expect(whep.opened).toEqual([true]);
  });

  test('a stream that is not live: 404; one that WebRTC cannot show: 422, both as JSON', async () => {
    const missing = await whep.watch(version, '/whep/nothing');
    expect([missing.status, refusalOf(missing).code]).toEqual([404, 'NOT_LIVE']);
    expect((await whep.watch(version, '/whep/..')).status).toBe(404);
    const unfit = await whep.watch(version, '/whep/b-frames');
    expect([unfit.status, refusalOf(unfit).code]).toEqual([422, 'WHEP_UNAVAILABLE']);
  });

  test('no SDP: 400; an offer that the gateway refuses: 422; another type: 415; too long: 413', async () => {
    expect((await whep.watch(version, '/whep/live', {}, '')).status).toBe(400);
    expect((await whep.watch(version, '/whep/live', {}, Buffer.alloc(65_537))).status).toBe(413);
    expect((await whep.watch(version, '/whep/live', { 'content-type': 'text/plain' })).status).toBe(415);
    // A feed costs an encoder: none of these has opened one.
    expect(whep.opened).toEqual([]);
    whep.gateway.refusal = new RtcRefusedError('bad-offer', 'no video');
    expect((await whep.watch(version)).status).toBe(422);
    expect([whep.endpoint.size, whep.opened]).toEqual([0, [false]]);
  });

  test('no worker now: 503; a full one: 503 WHEP_FULL', async () => {
    whep.gateway.refusal = new RtcRefusedError('unavailable', 'starting');
    const away = await whep.watch(version);
    expect([away.status, refusalOf(away).code, away.headers['retry-after']]).toEqual([
      503,
      'RTC_UNAVAILABLE',
      '1',
    ]);
    whep.gateway.refusal = new RtcRefusedError('too-many', 'full');
    expect(refusalOf(await whep.watch(version)).code).toBe('WHEP_FULL');
  });

  test('PATCH: 204, 400, 428, 412, 415 and 422 as with WHIP', async () => {
    const { headers } = await whep.watch(version);
    const patch = async (sent: Record<string, string>, body = FRAGMENT): Promise<number> => {
      const answer = await whep.send(version, {
        method: 'PATCH',
        path: String(headers.location),
        headers: { 'content-type': 'application/trickle-ice-sdpfrag', ...sent },
        body,
      });
      return answer.status;
    };
    expect(await patch({ 'if-match': '"ufrag1"' })).toBe(204);
    expect(await patch({})).toBe(428);
    expect(await patch({ 'if-match': '"x"' })).toBe(412);
    expect(await patch({ 'if-match': '*' })).toBe(422);
    expect(await patch({ 'if-match': '"*"' })).toBe(422);
    expect(await patch({ 'if-match': '"ufrag1"' }, 'a=candidate:nope')).toBe(400);
    expect(await patch({ 'if-match': '"ufrag1"' }, FRAGMENT.replace('peer', 'newer'))).toBe(422);
    expect(await patch({ 'if-match': '"ufrag1"', 'content-type': 'application/sdp' })).toBe(415);
  });

  test('DELETE: 200 and the session is closed; another stream’s path or a second time: 404', async () => {
    const { headers } = await whep.watch(version);
    const remove = async (path: string): Promise<number> =>
      (await whep.send(version, { method: 'DELETE', path })).status;
    const location = String(headers.location);
    expect(await remove(location.replace('live', 'other'))).toBe(404);
    expect(await remove('/whep/live/00')).toBe(404);
    expect(whep.gateway.egresses[0]?.closed).toBe(false);
    expect(await remove(location)).toBe(200);
    expect(whep.gateway.egresses[0]?.closed).toBe(true);
    expect(await remove(location)).toBe(404);
  });

  test('GET and PUT are 405, OPTIONS is 200 with CORS and Accept-Post', async () => {
    for (const path of ['/whep/live', '/whep/live/00']) {
      for (const method of ['GET', 'PUT'])
        expect((await whep.send(version, { method, path })).status).toBe(405);
      const { status, headers } = await whep.send(version, { method: 'OPTIONS', path });
      expect([status, headers['access-control-allow-origin']]).toEqual([200, '*']);
      expect(headers['access-control-allow-methods']).toContain('PATCH');
    }
    const { headers } = await whep.send(version, { method: 'OPTIONS', path: '/whep/live' });
    expect(headers['accept-post']).toBe('application/sdp');
    expect(headers.link).toContain('ice-server');
    const preflight = await whep.send(version, {
      method: 'OPTIONS',
      path: '/whep/live',
      headers: { 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.link]).toEqual([200, undefined]);
  });

  test('the authorizer decides, by ?token= or bearer token: 401 without, 403 with a wrong one', async () => {
    const asked: ViewRequest[] = [];
    whep.decide = (request) => {
      asked.push(request);
      return request.token === 'good' ? 'private' : 'denied';
    };
    const none = await whep.watch(version);
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect((await whep.watch(version, '/whep/live?token=bad')).status).toBe(403);
    expect((await whep.watch(version, '/whep/live?token=good')).status).toBe(201);
    expect((await whep.watch(version, '/whep/live', { authorization: 'Bearer good' })).status).toBe(201);
    expect(asked[0]).toEqual({ streamId: 'live', address: '127.0.0.1' });
    expect(asked[1]).toEqual({ streamId: 'live', address: '127.0.0.1', token: 'bad' });
    whep.decide = () => 'absent';
    expect((await whep.watch(version, '/whep/live?token=good')).status).toBe(404);
  });

  test('who loses the right to watch loses the session; the others keep theirs', async () => {
    whep.decide = () => 'private';
    const sessions = whep.gateway.egresses;
    const before = sessions.length;
    expect((await whep.watch(version, '/whep/live?token=stays')).status).toBe(201);
    expect((await whep.watch(version, '/whep/live?token=goes')).status).toBe(201);
    whep.revoke('another', () => false);
    expect(sessions.slice(before).map(({ closed }) => closed)).toEqual([false, false]);
    whep.revoke('live', (token) => token !== 'goes');
    expect(sessions.slice(before).map(({ closed }) => closed)).toEqual([false, true]);
    whep.revoke('live', () => false);
  });

  test('a right that ends while the offer is answered: no session', async () => {
    let asked = 0;
    whep.decide = () => (++asked === 1 ? 'private' : 'denied');
    const before = whep.endpoint.size;
    expect((await whep.watch(version, '/whep/live?token=late')).status).toBe(403);
    expect(whep.endpoint.size).toBe(before);
  });
});

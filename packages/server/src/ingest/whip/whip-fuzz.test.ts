import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FRAGMENT, OFFER, WhipHarness } from './testing/whip-harness.ts';

const KEY = 'live_key-of-one';
/** Requests of each kind. */
const RUNS = 400;

let whip: WhipHarness;
beforeAll(async () => {
  whip = await WhipHarness.start({ maxSessionsPerAddress: 10_000 });
});
afterAll(() => whip.close());

/** A text with some of its characters taken away, changed, or said twice. */
function damaged(text: string): fc.Arbitrary<string> {
  const cut = fc.record({
    at: fc.nat(text.length),
    length: fc.nat(40),
    put: fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom('\r\n', '\0', 'a=', 'm=video ', ':', '\n')),
  });
  return fc
    .array(cut, { minLength: 1, maxLength: 4 })
    .map((cuts) =>
      cuts.reduce((left, { at, length, put }) => left.slice(0, at) + put + left.slice(at + length), text),
    );
}

/** What a header may hold: visible ASCII without the ends that HTTP trims. */
const field = fc.stringMatching(/^[!-~][ -~]{0,60}[!-~]$/);

describe('any request to WHIP', () => {
  test('POST: a damaged offer is answered or refused in words; nothing fails inside', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(damaged(OFFER), fc.string()), async (body) => {
        const answer = await whip.send('HTTP/2', 'POST', '/whip', {
          key: KEY,
          headers: { 'content-type': 'application/sdp' },
          body,
        });
        expect([201, 400, 409]).toContain(answer.status);
        if (answer.status === 201)
          await whip.send('HTTP/2', 'DELETE', String(answer.headers.location), { key: KEY });
      }),
      { numRuns: RUNS },
    );
    expect(whip.logged.filter((line) => line.includes('request failed'))).toEqual([]);
    expect(whip.endpoint.size).toBe(0);
  });

  test('PATCH: any condition, type and fragment is answered with a status that we know', async () => {
    const { headers } = await whip.publish('HTTP/2');
    const location = String(headers.location);
    const condition = fc.option(fc.oneof(field, fc.constantFrom('*', String(headers.etag), 'W/"x"', '""')));
    const type = fc.oneof(field, fc.constant('application/trickle-ice-sdpfrag'));
    await fc.assert(
      fc.asyncProperty(condition, type, damaged(FRAGMENT), async (ifMatch, contentType, body) => {
        const { status } = await whip.send('HTTP/2', 'PATCH', location, {
          key: KEY,
          headers: { 'content-type': contentType, ...(ifMatch === null ? {} : { 'if-match': ifMatch }) },
          body,
        });
        expect([204, 412, 415, 422, 428]).toContain(status);
      }),
      { numRuns: RUNS },
    );
    expect(whip.gateway.ingests.at(-1)?.closed).toBe(false);
  });

  test('any Authorization but the right one is 401', async () => {
    await fc.assert(
      fc.asyncProperty(field, async (authorization) => {
        const { status } = await whip.send('HTTP/1.1', 'DELETE', '/whip/none', {
          headers: { authorization },
        });
        expect([401, 429]).toContain(status);
      }),
      { numRuns: 200 },
    );
  });
});

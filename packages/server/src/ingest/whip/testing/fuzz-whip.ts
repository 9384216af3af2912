import * as fc from 'fast-check';
import { expect } from 'vitest';
import { FRAGMENT, OFFER, type WhipHarness } from './whip-harness.ts';

const KEY = 'live_key-of-one';

/** How many requests, and where their chance begins; without a seed another one each time. */
export interface WhipFuzz {
  readonly runs: number;
  readonly seed?: number;
}

/** What a header may hold: visible ASCII without the ends that HTTP trims. */
export const headerField = fc.stringMatching(/^[!-~][ -~]{0,60}[!-~]$/);

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

/** Posts damaged offers: each is answered, or refused in words, and nothing fails inside. */
export async function fuzzOffers(whip: WhipHarness, { runs, seed }: WhipFuzz): Promise<void> {
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
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
  expect(whip.logged.filter((line) => line.includes('request failed'))).toEqual([]);
  expect(whip.endpoint.size).toBe(0);
}

/** Sends any condition, type and damaged fragment to a session: each is answered with a status that we know, and the session lives on. */
export async function fuzzFragments(whip: WhipHarness, { runs, seed }: WhipFuzz): Promise<void> {
  const { headers } = await whip.publish('HTTP/2');
  const location = String(headers.location);
  const tag = String(headers.etag);
  // Most are let in, or hardly any fragment would be read.
  const condition = fc.option(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(tag) },
      { weight: 1, arbitrary: headerField },
      { weight: 1, arbitrary: fc.constantFrom('*', '"*"', 'W/"x"', '""') },
    ),
  );
  const type = fc.oneof(
    { weight: 4, arbitrary: fc.constant('application/trickle-ice-sdpfrag') },
    { weight: 1, arbitrary: headerField },
  );
  await fc.assert(
    fc.asyncProperty(condition, type, damaged(FRAGMENT), async (ifMatch, contentType, body) => {
      const { status } = await whip.send('HTTP/2', 'PATCH', location, {
        key: KEY,
        headers: { 'content-type': contentType, ...(ifMatch === null ? {} : { 'if-match': ifMatch }) },
        body,
      });
      expect([204, 400, 412, 415, 422, 428]).toContain(status);
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
  expect(whip.logged.filter((line) => line.includes('request failed'))).toEqual([]);
  expect(whip.gateway.ingests.at(-1)?.closed).toBe(false);
  expect((await whip.send('HTTP/2', 'DELETE', location, { key: KEY })).status).toBe(200);
}

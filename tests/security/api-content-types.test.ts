import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { account, asActor } from '../../packages/server/src/api/testing/api-server.ts';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { ApiProbe, pathOf, SOME_ID } from '../support/api-probe.ts';

/** Names under which a body might slip past a validation that depends on its media type. */
const SPELLINGS = [
  'text/plain',
  'text/json',
  'text/plain; application/json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'application/xml',
  'application/jsonp',
  'application/json5',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/ld+json',
  'application/vnd.api+json',
  'application/json;',
  'application/json ;',
  'application/json; charset=utf-16',
  'application/json; charset=utf-7',
  'application/json; charset=latin1',
  'application/json; charset=utf-8; charset=utf-16',
  'application/json; charset',
  'application/json; foo=bar',
  'application/json, text/plain',
  'application/json,application/json',
  'application/json\ttext/plain',
  'application/json\t; a=b',
  '"application/json"',
  'application /json',
  'application/ json',
  'application',
  '/json',
  '*/*',
  'application/*',
];

/** A body that no route of ours takes. */
const INVALID = '{"nothing":{"of":"ours"}}';
const admin = asActor(account(SOME_ID, { role: 'admin', provenAtMs: Date.now() }));
const validated = ALL_ROUTES.filter(
  ({ body }) => body !== undefined && !body.safeParse({ nothing: {} }).success,
);

let probe: ApiProbe;
beforeAll(async () => {
  probe = await ApiProbe.start();
});
afterAll(() => probe.close());

async function send(route: (typeof ALL_ROUTES)[number], contentType: string | undefined): Promise<number> {
  const headers = contentType === undefined ? admin : { ...admin, 'content-type': contentType };
  const { method } = route;
  return (await fetchOnce(probe.server.url + pathOf(route), { method, headers, body: INVALID })).status;
}

describe('Content-Type (Fastify CVE-2025-32442, CVE-2026-25223, CVE-2026-33806)', () => {
  test('there is something to test', () => {
    expect(validated.length).toBeGreaterThan(15);
    expect(SPELLINGS.length).toBeGreaterThanOrEqual(30);
  });

  test('a body that is not JSON by its name is never taken', async () => {
    const statuses = new Map<string, number>();
    for (const route of validated) {
      for (const type of SPELLINGS) {
        const status = await send(route, type);
        if (status !== 415) statuses.set(`${route.operation} ${JSON.stringify(type)}`, status);
      }
      const untyped = await send(route, undefined);
      if (untyped !== 415) statuses.set(`${route.operation} without a type`, untyped);
    }
    expect([...statuses]).toEqual([]);
    expect(probe.reached()).toEqual([]);
  });

  test('and what is JSON by any of its names is validated', async () => {
    for (const route of validated) {
      for (const type of ['application/json', 'APPLICATION/JSON', 'application/json;charset=UTF-8']) {
        expect([route.operation, type, await send(route, type)]).toEqual([route.operation, type, 400]);
      }
    }
    expect(probe.reached()).toEqual([]);
  });
});

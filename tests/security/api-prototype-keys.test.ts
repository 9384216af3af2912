import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_ROUTES } from '../../packages/protocol/src/routes/all-routes.ts';
import { account, asActor } from '../../packages/server/src/api/testing/api-server.ts';
import { fetchOnce } from '../../packages/server/src/http/testing/raw-client.ts';
import { ApiProbe, pathOf, SOME_ID } from '../support/api-probe.ts';

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'valueOf',
];
const admin = asActor(account(SOME_ID, { role: 'admin', provenAtMs: Date.now() }));

let probe: ApiProbe;
beforeAll(async () => {
  probe = await ApiProbe.start();
});
afterAll(async () => {
  await probe.close();
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

describe('names of Object.prototype (engine.io CVE-2026-59724, cluster-engine CVE-2026-102600)', () => {
  test('as every id are refused, and never break the server', async () => {
    const wrong: string[] = [];
    for (const route of ALL_ROUTES.filter(({ params }) => params !== undefined)) {
      for (const name of NAMES) {
        const { status } = await fetchOnce(probe.server.url + pathOf(route, name), {
          method: route.method,
          headers: { ...admin, 'content-type': 'application/json' },
          body: route.body === undefined ? '' : '{}',
        });
        // A channel's short name may be any word.
        const isName = route.params?.safeParse({ id: name }).success === true;
        if (status >= 500 || (status < 400 && !isName)) wrong.push(`${route.operation} ${name}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('as every parameter of a query and every member of a body never break the server', async () => {
    const wrong: string[] = [];
    for (const route of ALL_ROUTES) {
      for (const name of NAMES) {
        const bodies = [
          `{"${name}":{"polluted":true}}`,
          `{"${name}":{"prototype":{"polluted":true}},"a":[{"${name}":1}]}`,
        ];
        for (const body of bodies) {
          const { status } = await fetchOnce(
            `${probe.server.url}${pathOf(route)}?${name}=1&${name}[polluted]=1`,
            {
              method: route.method,
              headers: { ...admin, 'content-type': 'application/json' },
              body: route.body === undefined ? '' : body,
            },
          );
          if (status >= 500) wrong.push(`${route.operation} ${body}: ${status}`);
          const pollutes = name === '__proto__' && status !== 400 && status !== 415;
          if (pollutes) wrong.push(`${route.operation} took ${body}: ${status}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

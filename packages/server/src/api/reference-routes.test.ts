import { ALL_ROUTES } from '@tallylight/protocol/routes/all-routes.ts';
import { referenceRoutes } from '@tallylight/protocol/routes/reference.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addReferenceRoutes } from './reference-routes.ts';
import { ApiServer } from './testing/api-server.ts';

const own = new Set(Object.values(referenceRoutes).map(({ operation }) => operation as string));
let server: ApiServer;

beforeAll(async () => {
  server = await ApiServer.start((api) => {
    for (const route of ALL_ROUTES)
      if (!own.has(route.operation)) api.on(route, async () => undefined as never);
    addReferenceRoutes(api, '1.2.3');
  });
});
afterAll(() => server.close());

describe('the reference', () => {
  test('/api/openapi.json describes exactly the routes that are there', async () => {
    const response = await fetch(`${server.url}/api/openapi.json`);
    const document = (await response.json()) as {
      openapi: string;
      paths: Record<string, object>;
      info: object;
    };
    expect([document.openapi, document.info]).toMatchObject(['3.1.0', { version: '1.2.3' }]);
    const operations = Object.values(document.paths).flatMap(
      (path) => Object.values(path) as { operationId: string }[],
    );
    expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(
      ALL_ROUTES.map(({ operation }) => operation).toSorted(),
    );
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('/api/docs is a page of every route, without script and without another host', async () => {
    const response = await fetch(`${server.url}/api/docs`);
    const page = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const { operation } of ALL_ROUTES) expect(page).toContain(`id="op-${operation}"`);
    expect(page).not.toMatch(/<script|\son\w+=|\sstyle=|src=|<link/);
    expect([...page.matchAll(/href="(?!#)([^"]*)"/g)].map(([, href]) => href)).toEqual(['/api/openapi.json']);
    // Every link of the page leads to a place of it.
    const places = new Set([...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
    const links = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
    expect(links.filter((link) => !places.has(link))).toEqual([]);
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    );
  });
});

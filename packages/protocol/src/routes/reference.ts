import { z } from 'zod';
import { defineRoute } from '../route.ts';

const shared = { method: 'GET', tag: 'reference', access: 'public' } as const;

/** The description of the API itself. */
export const referenceRoutes = {
  openapi: defineRoute({
    ...shared,
    path: '/api/openapi.json',
    operation: 'getOpenApi',
    summary: 'This API as an OpenAPI 3.1 document',
    response: z.looseObject({ openapi: z.string() }),
  }),
  docs: defineRoute({
    ...shared,
    path: '/api/docs',
    operation: 'getDocs',
    summary: 'This API as a page to read',
    response: z.string(),
    produces: 'text/html; charset=utf-8',
  }),
};

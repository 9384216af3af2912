import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { ALL_ROUTES } from '../routes/all-routes.ts';
import { openApiDocument } from './document.ts';

const document = openApiDocument(ALL_ROUTES, '1.2.3');

/** Every member called `$ref`, wherever it is. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member] : referencesIn(member),
  );
}

/** Every schema of the document. */
function schemasIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'schema' && typeof member === 'object' && member !== null ? [member] : schemasIn(member),
  );
}

describe('openApiDocument', () => {
  test('has every route once', () => {
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations).toHaveLength(ALL_ROUTES.length);
    expect(new Set(operations.map(({ operationId }) => operationId))).toEqual(
      new Set(ALL_ROUTES.map(({ operation }) => operation)),
    );
  });

  test('paths that differ in the names of their parameters alone are one path (§4.8.8.2)', () => {
    const shapes = Object.keys(document.paths).map((path) => path.replace(/\{\w+\}/g, '{}'));
    expect(shapes.filter((shape, at) => shapes.indexOf(shape) !== at)).toEqual([]);
  });

  test('every element in braces is a path parameter, and the reverse', () => {
    for (const [path, operations] of Object.entries(document.paths)) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { operationId, parameters } of Object.values(operations)) {
        const declared = (parameters as { in?: string; name: string }[]).filter((each) => each.in === 'path');
        expect([operationId, new Set(declared.map(({ name }) => name))]).toEqual([
          operationId,
          new Set(names),
        ]);
      }
    }
  });

  test('every reference leads somewhere', () => {
    const resolve = (reference: string): unknown =>
      reference
        .slice(2)
        .split('/')
        .reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document);
    const references = [...new Set(referencesIn(document))];
    expect(
      references.filter((reference) => !reference.startsWith('#/') || resolve(reference) === undefined),
    ).toEqual([]);
    expect(references).toContain('#/components/schemas/Stream');
  });

  test('every schema is one of JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false });
    const all = [...schemasIn(document.paths), ...Object.values(document.components.schemas)];
    expect(all.length).toBeGreaterThan(50);
    for (const schema of all) {
      void ajv.validateSchema(schema);
      expect(ajv.errors).toBeNull();
    }
  });

  test('an answer that zod takes is an answer that the document takes', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const answer = z.object({
      at: z.iso.datetime(),
      kind: z.enum(['a', 'b']),
      n: z.number().int().optional(),
    });
    const route = defineRoute({
      ...{ method: 'GET', path: '/api/x', operation: 'x', summary: 'x', tag: 'x', access: 'public' },
      response: answer,
    });
    const responses = openApiDocument([route], '0').paths['/api/x']?.['get']?.['responses'] as {
      200: { content: { 'application/json': { schema: object } } };
    };
    const validate = ajv.compile(responses[200].content['application/json'].schema);
    expect(validate({ at: '2026-11-22T10:00:00Z', kind: 'a' })).toBe(true);
    expect(validate({ at: '2026-11-22T10:00:00Z', kind: 'c' })).toBe(false);
  });

  test('a parameter with a default is not required', () => {
    const route = defineRoute({
      ...{
        method: 'GET',
        path: '/api/x',
        operation: 'x',
        summary: 'x',
        tag: 'x',
        access: 'admin',
        stepUp: true,
      },
      query: z.object({ limit: z.coerce.number().int().max(100).default(50), q: z.string() }),
      response: z.unknown(),
    });
    const operation = openApiDocument([route], '0').paths['/api/x']?.['get'];
    expect(operation?.['parameters']).toEqual([
      {
        name: 'limit',
        in: 'query',
        required: false,
        schema: { type: 'integer', maximum: 100, minimum: -9007199254740991, default: 50 },
      },
      { name: 'q', in: 'query', required: true, schema: { type: 'string' } },
    ]);
    expect(Object.keys(operation?.['responses'] as object)).toEqual([
      '200',
      '400',
      '401',
      '403',
      '429',
      '503',
    ]);
  });
});

import { ERROR_STATUS } from '../error-catalogue.ts';
import type { Route } from '../route.ts';
import { type JsonSchema, JsonSchemas } from './json-schemas.ts';
import { operationOf, templateOf } from './operation.ts';

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly jsonSchemaDialect: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly parameters: Readonly<Record<string, JsonSchema>>;
    readonly securitySchemes: Readonly<Record<string, JsonSchema>>;
  };
}

const DESCRIPTION = [
  'Accounts, channels, streams, chat, reactions, questions and viewers of this live-streaming server.',
  'Every error is `{ "error", "code", "message", "details"? }`: `error` and `message` are words for people, `code` is for programs.',
  'A change of state that is sent with a cookie needs an `Origin` of this server, or of one that its operator trusts.',
].join(' ');

/** What every refusal looks like. */
const ERROR_SCHEMA: JsonSchema = {
  type: 'object',
  required: ['error', 'code', 'message'],
  properties: {
    error: { type: 'string', description: 'What went wrong, in words' },
    code: { type: 'string', enum: Object.keys(ERROR_STATUS) },
    message: { type: 'string', description: 'The same as `error`' },
    details: { description: 'What a program needs to know more, such as the members that were wrong' },
  },
};

/** Describes routes as OpenAPI 3.1. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const schemas = new JsonSchemas();
  const paths = new Map<string, Record<string, JsonSchema>>();
  for (const route of routes) {
    const template = templateOf(route.path);
    const operations = paths.get(template) ?? {};
    operations[route.method.toLowerCase()] = operationOf(route, schemas);
    paths.set(template, operations);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Tallylight', version, description: DESCRIPTION },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths: Object.fromEntries(paths),
    components: {
      schemas: {
        ...Object.fromEntries([...schemas.components].toSorted(([a], [b]) => a.localeCompare(b))),
        Error: ERROR_SCHEMA,
      },
      parameters: {
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          required: false,
          description: 'A name of the caller’s own for this request, such as a UUID',
          schema: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[!-~]+$' },
        },
      },
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'session',
          description: 'The cookie that signing in sets',
        },
        token: {
          type: 'http',
          scheme: 'bearer',
          description: 'A session’s token, an API token, or a host app’s JWT',
        },
      },
    },
  };
}

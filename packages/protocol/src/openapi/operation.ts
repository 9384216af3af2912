import { ERROR_STATUS, type ErrorCode } from '../error-catalogue.ts';
import type { Route } from '../route.ts';
import type { JsonSchema, JsonSchemas } from './json-schemas.ts';

/** Describes one route as an Operation Object (OpenAPI 3.1 §4.8.10). */
export function operationOf(route: Route, schemas: JsonSchemas): JsonSchema {
  const body = requestBody(route, schemas);
  return {
    operationId: route.operation,
    summary: route.summary,
    tags: [route.tag],
    description: descriptionOf(route),
    security: securityOf(route),
    parameters: [
      ...parametersOf('path', route.params, schemas),
      ...parametersOf('query', route.query, schemas),
      ...(route.idempotent === true ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
    ],
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { [String(route.status ?? 200)]: success(route, schemas), ...refusals(route) },
  };
}

/** A path with OpenAPI's braces: `/api/streams/{id}`. */
export function templateOf(path: string): string {
  return path.replace(/:([A-Za-z0-9_]+)/g, '{$1}');
}

/** Every code that a route can answer with, by status: what it names, and what any such route can meet. */
export function codesOf(route: Route): ReadonlyMap<number, readonly ErrorCode[]> {
  const codes = new Set<ErrorCode>(route.errors);
  if (route.params ?? route.query ?? route.body ?? route.consumes) codes.add('INVALID_REQUEST');
  if (route.access !== 'public') codes.add('UNAUTHENTICATED');
  if (route.access !== 'public' && route.access !== 'user') codes.add('FORBIDDEN');
  if (route.stepUp === true) codes.add('STEP_UP_REQUIRED');
  if (route.method !== 'GET') codes.add('CSRF');
  if (route.body ?? route.consumes) codes.add('PAYLOAD_TOO_LARGE').add('UNSUPPORTED_MEDIA_TYPE');
  if (route.idempotent === true) codes.add('IDEMPOTENCY_MISMATCH').add('CONFLICT');
  codes.add('RATE_LIMITED').add('UNAVAILABLE');
  return new Map([...Map.groupBy(codes, (code) => ERROR_STATUS[code])].toSorted(([a], [b]) => a - b));
}

function descriptionOf(route: Route): string {
  const who = {
    public: 'Anybody may call this.',
    user: 'For who is signed in, guests too.',
    account: 'For who is signed in with an account.',
    admin: 'For administrators of the server.',
  }[route.access];
  const notes = [
    who,
    route.stepUp === true
      ? 'The caller must have given a password or passkey within the last five minutes.'
      : '',
    route.bothSpellings === true
      ? 'Members are accepted and answered in camelCase and in snake_case: `channelId` is `channel_id` too.'
      : '',
    route.idempotent === true ? 'With an `Idempotency-Key`, the same request twice is done once.' : '',
  ];
  return notes.filter((note) => note !== '').join(' ');
}

function securityOf(route: Route): readonly JsonSchema[] {
  const schemes = [{ session: [] }, { token: [] }];
  return route.access === 'public' ? [{}, ...schemes] : schemes;
}

function parametersOf(
  place: 'path' | 'query',
  schema: Route['query'],
  schemas: JsonSchemas,
): readonly JsonSchema[] {
  if (schema === undefined) return [];
  const { properties, required } = schemas.input(schema);
  const names: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(properties ?? {}).map(([name, member]) => ({
    name,
    in: place,
    required: place === 'path' || names.includes(name),
    schema: member,
  }));
}

function requestBody(route: Route, schemas: JsonSchemas): JsonSchema | undefined {
  if (route.consumes !== undefined) {
    return { required: true, content: Object.fromEntries(route.consumes.map((type) => [type, {}])) };
  }
  if (route.body === undefined) return undefined;
  return { required: true, content: { 'application/json': { schema: schemas.input(route.body) } } };
}

function success(route: Route, schemas: JsonSchemas): JsonSchema {
  const description = 'Done';
  if (route.status === 204) return { description };
  if (route.produces !== undefined) return { description, content: { [route.produces]: {} } };
  return { description, content: { 'application/json': { schema: schemas.output(route.response) } } };
}

function refusals(route: Route): JsonSchema {
  return Object.fromEntries(
    [...codesOf(route)].map(([status, codes]) => [
      String(status),
      {
        description: codes.map((code) => `\`${code}\``).join(', '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  );
}

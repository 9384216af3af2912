import { toSnakeCase } from '@tallylight/protocol/casing.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import { z } from 'zod';

/** One thing that was wrong with a request: where, and what. */
export interface RequestFault {
  /** Such as `body.title`. */
  readonly path: string;
  readonly message: string;
}

/** zod's own messages begin so, and say nothing of the member that they are about; ours of {@link unstorable} neither. */
const NAMELESS = /^(?:Invalid(?! stream ID)|Too|Unrecognized|must not)/;

/**
 * A value as its schema makes it. Throws INVALID_REQUEST, with every {@link RequestFault} as its details: for what is not of the schema,
 * and for text that PostgreSQL does not take, wherever it is.
 */
export function checked(schema: z.ZodType, value: unknown, where: 'params' | 'query' | 'body'): unknown {
  const result = schema.safeParse(value);
  const issues = result.success ? unstorable(result.data, []) : result.error.issues.flatMap(innermost);
  if (result.success && issues.length === 0) return result.data;
  const faults = issues.slice(0, 20).map((issue) => ({
    path: [where, ...issue.path].map(String).join('.'),
    message: issue.message,
  }));
  const [first] = faults;
  const name = first?.path.slice(where.length + 1) ?? '';
  const message = first?.message ?? 'the request is not valid';
  throw liveError(
    'INVALID_REQUEST',
    NAMELESS.test(message) && name !== '' ? `${name}: ${message}` : message,
    faults,
  );
}

/** Where, below the value that was checked, and what. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Of a value that fits none of several shapes, what is wrong with the shape that it comes nearest to: "Invalid input" says nothing. */
function innermost(issue: z.core.$ZodIssue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const [nearest] = issue.errors.toSorted((one, other) => one.length - other.length);
  if (nearest === undefined) return [issue];
  return nearest.flatMap(innermost).map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
}

/** PostgreSQL's text has no U+0000, and UTF-8 no half of a surrogate pair. */
function unstorable(value: unknown, path: readonly PropertyKey[]): readonly Issue[] {
  if (typeof value === 'string') {
    if (value.includes('\0')) return [{ path, message: 'must not have a NUL character' }];
    return value.isWellFormed() ? [] : [{ path, message: 'must not have half of a surrogate pair' }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => unstorable(member, [...path, name]));
}

/**
 * Members under the names that a schema has: `channel_id` counts as `channelId` where that is meant and not there itself. For routes
 * whose callers use either spelling.
 */
export function inCamelCase(schema: z.ZodType, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  if (!(schema instanceof z.ZodObject)) return value;
  const members = new Map(Object.entries(value));
  for (const name of Object.keys(schema.shape)) {
    const snake = toSnakeCase(name);
    if (snake === name || members.has(name) || !members.has(snake)) continue;
    members.set(name, members.get(snake));
    if (!Object.hasOwn(schema.shape, snake)) members.delete(snake);
  }
  return Object.fromEntries(members);
}

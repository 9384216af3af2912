import { toSnakeCase } from '@tallylight/protocol/casing.ts';
import { liveError } from '@tallylight/protocol/errors.ts';
import { z } from 'zod';

/** One thing that was wrong with a request: where, and what. */
export interface RequestFault {
  /** Such as `body.title`. */
  readonly path: string;
  readonly message: string;
}

/** zod's own messages begin so, and say nothing of the member that they are about. */
const NAMELESS = /^(?:Invalid|Too|Unrecognized)/;

/** A value as its schema makes it. Throws INVALID_REQUEST, with every {@link RequestFault} as its details. */
export function checked(schema: z.ZodType, value: unknown, where: 'params' | 'query' | 'body'): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.slice(0, 20).map((issue) => ({
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

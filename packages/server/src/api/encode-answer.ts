import { withBothSpellings } from '@tallylight/protocol/casing.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import type { Logger } from '../platform/logger.ts';

/** An answer that is not what its route promises: a mistake of ours. */
export class AnswerMismatch extends Error {
  override readonly name = 'AnswerMismatch';
}

/**
 * What goes out for a handler's value: members that the route's schema does not name are left out, so that a row with more columns
 * than it should have gives none of them away. Throws {@link AnswerMismatch} for a value that is not of the schema, or logs it.
 */
export function encodeAnswer(
  route: Route,
  value: unknown,
  { strict, log }: { readonly strict: boolean; readonly log: Logger },
): unknown {
  if (route.produces !== undefined) return value;
  const result = route.response.safeParse(value);
  if (!result.success) {
    const faults = result.error.issues
      .slice(0, 5)
      .map(({ path, message }) => `${path.join('.')}: ${message}`);
    if (strict)
      throw new AnswerMismatch(
        `${route.operation} answered what its schema does not allow: ${faults.join('; ')}`,
      );
    log.error({ operation: route.operation, faults }, 'answer is not of its schema');
  }
  const answer = result.success ? result.data : value;
  return route.bothSpellings === true ? withBothSpellings(answer) : answer;
}

import { withBothSpellings } from '@tallylight/protocol/casing.ts';
import type { Route } from '@tallylight/protocol/route.ts';
import type { Logger } from '../platform/logger.ts';
import { cutToSchema } from './cut-to-schema.ts';

/** An answer that is not what its route promises: a mistake of ours. */
export class AnswerMismatch extends Error {
  override readonly name = 'AnswerMismatch';
}

/**
 * What goes out for a handler's value: members that the route's schema does not name are left out, so that a row with more columns
 * than it should have gives none of them away. A value that is not of the schema is logged, and cut all the same; {@link AnswerMismatch}
 * is thrown where that cannot be done, and for every such value when `strict`.
 */
export function encodeAnswer(
  route: Route,
  value: unknown,
  { strict, log }: { readonly strict: boolean; readonly log: Logger },
): unknown {
  if (route.produces !== undefined) return value;
  const result = route.response.safeParse(value);
  const answer = result.success ? { cut: result.data } : cutMismatch(route, value, result.error, strict, log);
  return route.bothSpellings === true ? withBothSpellings(answer.cut) : answer.cut;
}

function cutMismatch(
  route: Route,
  value: unknown,
  error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] },
  strict: boolean,
  log: Logger,
): { readonly cut: unknown } {
  const faults = error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`);
  log.error({ operation: route.operation, faults }, 'answer is not of its schema');
  const answer = strict ? undefined : cutToSchema(route.response, value);
  if (answer !== undefined) return answer;
  throw new AnswerMismatch(
    `${route.operation} answered what its schema does not allow: ${faults.join('; ')}`,
  );
}

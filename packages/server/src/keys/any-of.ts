import type { PublishAuthorizer, PublishDecision } from '../stream/publisher.ts';

/** Allows what the first of several authorizers allows; refuses with the last one's reason. */
export function anyOf(authorizers: readonly PublishAuthorizer[]): PublishAuthorizer {
  return {
    async authorize(request) {
      let decision: PublishDecision = { allowed: false, reason: 'nobody may publish here' };
      for (const authorizer of authorizers) {
        decision = await authorizer.authorize(request);
        if (decision.allowed) break;
      }
      return decision;
    },
  };
}

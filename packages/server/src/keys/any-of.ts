import type { PublishAuthorizer } from '../stream/publisher.ts';

/** Allows what the first of several authorizers allows; refuses with the last one's reason. */
export function anyOf(first: PublishAuthorizer, ...others: readonly PublishAuthorizer[]): PublishAuthorizer {
  return {
    async authorize(request) {
      let decision = await first.authorize(request);
      for (const other of others) {
        if (decision.allowed) break;
        decision = await other.authorize(request);
      }
      return decision;
    },
  };
}

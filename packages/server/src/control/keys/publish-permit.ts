import type { PublishFacts } from './repository.ts';

/** Roles of a channel that may broadcast; nchat's `member` is one of them. */
const BROADCASTING = new Set(['owner', 'admin', 'broadcaster', 'member']);

/** Why a known key may not publish now, in words for its encoder's user; undefined: it may. */
export function publishRefusal(facts: PublishFacts): string | undefined {
  if (facts.keyRevoked) return 'this stream key was replaced: use the new one';
  if (facts.keyExpired) return 'this stream key has expired: use the new one';
  if (facts.status === 'cancelled') return 'this stream was cancelled';
  if (facts.status === 'ended' || facts.status === 'failed') return 'this stream has ended: make a new one';
  if (facts.isDisabled) return 'the account of this stream’s broadcaster is disabled';
  if (facts.isBanned) return 'this stream’s broadcaster is banned from the channel';
  if (!facts.isAdmin && !BROADCASTING.has(facts.role ?? '')) {
    return 'this stream’s broadcaster may no longer broadcast in the channel';
  }
  return undefined;
}

import type { ChannelRole } from '@tallylight/protocol/entities/channel.ts';

/** A role as it is stored; a host app has `member`. */
export type StoredRole = ChannelRole | 'member';

/** Who gives or takes: their role in the channel, `server-admin` for administrators of the server. */
export type Giver = StoredRole | 'server-admin' | undefined;

const BELOW_ADMIN: ReadonlySet<StoredRole> = new Set(['broadcaster', 'moderator', 'viewer', 'member']);

/**
 * True when a giver may turn one role (`from` undefined: a stranger) into another (`to` undefined: out). Owners and administrators of
 * the server may do everything; admins whatever is below admin on both sides; others nothing.
 */
export function mayChangeRole(
  giver: Giver,
  from: StoredRole | undefined,
  to: StoredRole | undefined,
): boolean {
  if (giver === 'owner' || giver === 'server-admin') return true;
  if (giver !== 'admin') return false;
  return [from, to].every((role) => role === undefined || BELOW_ADMIN.has(role));
}

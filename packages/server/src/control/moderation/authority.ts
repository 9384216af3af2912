import {
  DEFAULT_MODERATOR_PERMISSIONS,
  type ModeratorPermissions,
  moderatorPermissions,
} from '@tallylight/protocol/entities/moderation.ts';
import { sql } from 'kysely';
import type { Tx } from '../../db/database.ts';

/** Where somebody stands in a stream, the lower first: nobody in particular, its moderator, its channel's moderator, an owner, an administrator. */
export type Rank = 'viewer' | 'moderator' | 'channel-moderator' | 'owner' | 'admin';

/** What somebody may do in a stream. */
export interface Authority {
  readonly rank: Rank;
  readonly permissions: ModeratorPermissions;
  /** A ban or time-out holds for them, and they are no owner: they moderate nothing until it ends. */
  readonly isBarred: boolean;
}

const RANKS: readonly Rank[] = ['viewer', 'moderator', 'channel-moderator', 'owner', 'admin'];

/** Every permission; what owners and the channel's moderators have. */
export const EVERY_PERMISSION: ModeratorPermissions = {
  canDeleteMessages: true,
  canTimeoutUsers: true,
  canBanUsers: true,
  canSlowMode: true,
  canSubscriberOnlyMode: true,
  canPinMessages: true,
};

const NO_PERMISSION: ModeratorPermissions = {
  canDeleteMessages: false,
  canTimeoutUsers: false,
  canBanUsers: false,
  canSlowMode: false,
  canSubscriberOnlyMode: false,
  canPinMessages: false,
};

/** True for who has a permission. */
export function mayDo(authority: Authority, permission: keyof ModeratorPermissions): boolean {
  return authority.permissions[permission];
}

/** True when the one is of that rank or a higher one. */
export function isAtLeast(authority: Authority, rank: Rank): boolean {
  return RANKS.indexOf(authority.rank) >= RANKS.indexOf(rank);
}

/** True when the one stands above the other: equals do not moderate each other. Administrators stand above everybody but each other. */
export function isAbove(authority: Authority, other: Authority): boolean {
  return RANKS.indexOf(authority.rank) > RANKS.indexOf(other.rank);
}

/** What a moderator may do, when some of it was said. */
export function permissionsFrom(stored: unknown): ModeratorPermissions {
  const said = moderatorPermissions.partial().safeParse(stored);
  return { ...DEFAULT_MODERATOR_PERMISSIONS, ...(said.success ? definedOnly(said.data) : {}) };
}

/** Where a person stands in a stream, whoever asks. */
export async function readAuthority(tx: Tx, streamId: string, userId: string): Promise<Authority> {
  const { rows } = await sql<{
    rank: Rank;
    permissions: unknown;
    is_barred: boolean;
  }>`SELECT rank, permissions, is_barred FROM tallylight.authority(${streamId}, ${userId})`.execute(tx);
  const [row] = rows;
  const { rank, is_barred: isBarred } = row ?? { rank: 'viewer', is_barred: false };
  if (row === undefined || rank === 'viewer') return { rank: 'viewer', permissions: NO_PERMISSION, isBarred };
  return {
    rank,
    isBarred: isBarred && rank !== 'owner' && rank !== 'admin',
    permissions: rank === 'moderator' ? permissionsFrom(row.permissions) : EVERY_PERMISSION,
  };
}

function definedOnly(
  permissions: {
    readonly [name in keyof ModeratorPermissions]?: boolean | undefined;
  },
): Partial<ModeratorPermissions> {
  return Object.fromEntries(Object.entries(permissions).filter(([, value]) => value !== undefined));
}

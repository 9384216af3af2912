import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { liveError } from '@tallylight/protocol/errors.ts';
import { v7 } from 'uuid';
import type { Database, Tx } from '../../db/database.ts';
import type { KeyRing } from './key-ring.ts';
import { readCurrentKey, readOwnVersion, replaceKey, revokeKeys, writeAudit } from './repository.ts';

/** Whose key it is: what a sealed key is bound to, so that it cannot be moved to another row. */
interface KeyPlace {
  readonly channelId: string;
  readonly streamId: string;
  readonly version: number;
}

/** What seals of stream keys are bound to. */
export function keyContext({ channelId, streamId, version }: KeyPlace): string {
  return `v2 channel ${channelId} stream ${streamId} version ${version}`;
}

/** A key that was made, and those that died with it. */
export interface MadeKey {
  readonly id: string;
  /** The only time that it is given out without step-up. */
  readonly streamKey: string;
  readonly revokedIds: readonly string[];
}

/** Makes, changes and shows the keys of streams. Who may is the caller's question, and that of the functions in the database. */
export class StreamKeys {
  readonly #database: Database;
  readonly #ring: KeyRing;

  constructor(options: { readonly database: Database; readonly ring: KeyRing }) {
    this.#database = options.database;
    this.#ring = options.ring;
  }

  /**
   * Gives a stream its next key, in a transaction on behalf of its owner. The old ones are dead at once, or after `overlapSeconds`.
   * Rejects with CONFLICT when somebody else does the same at this moment.
   */
  async replace(
    tx: Tx,
    stream: { readonly id: string; readonly channelId: string },
    overlapSeconds = 0,
  ): Promise<MadeKey> {
    const version = ((await readOwnVersion(tx, stream.id)) ?? 0) + 1;
    const streamKey = `live_${randomBytes(32).toString('base64url')}`;
    const id = v7();
    const place = { channelId: stream.channelId, streamId: stream.id, version };
    try {
      const revokedIds = await replaceKey(
        tx,
        {
          ...{ id, streamId: stream.id, version },
          lookup: this.#ring.lookup(streamKey),
          sealed: this.#ring.seal(streamKey, keyContext(place)),
          last4: streamKey.slice(-4),
        },
        overlapSeconds,
      );
      return { id, streamKey, revokedIds };
    } catch (error) {
      if (!isTaken(error)) throw error;
      throw liveError(
        'CONFLICT',
        `the key of stream ${stream.id} is being changed by somebody else: try again`,
      );
    }
  }

  /** Takes every key of a stream away, in a transaction on behalf of its owner. Returns the ids of those that could still publish. */
  revoke(tx: Tx, streamId: string): Promise<readonly string[]> {
    return revokeKeys(tx, streamId);
  }

  /** The key, to be typed into an encoder; written to the audit log before it is shown. The caller has found that it is an owner's. */
  async reveal(
    stream: { readonly id: string },
    by: { readonly userId: string; readonly address: string },
  ): Promise<string> {
    // As the server: no user's role may read keys or write the audit log.
    return this.#database.asService(async (tx) => {
      const key = await readCurrentKey(tx, stream.id);
      if (key === undefined) throw liveError('NOT_FOUND', `stream ${stream.id} has no key: make one`);
      await writeAudit(tx, {
        id: v7(),
        actorId: by.userId,
        action: 'stream-key.reveal',
        target: stream.id,
        address: isIP(by.address) === 0 ? undefined : by.address,
      });
      return this.#ring.open(key.sealed, keyContext(key));
    });
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}

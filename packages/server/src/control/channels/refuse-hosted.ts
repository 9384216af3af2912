import { liveError } from '@tallylight/protocol/errors.ts';
import type { Tx } from '../../db/database.ts';
import { areHosted } from './repository.ts';

/** Rejects with FORBIDDEN where channels and members are a host app's: this server reads them, and changes none. */
export async function refuseHosted(tx: Tx): Promise<void> {
  if (await areHosted(tx)) throw liveError('FORBIDDEN', 'the host app keeps channels and members');
}

import { liveError } from '@tallylight/protocol/errors.ts';
import { isUniqueViolation } from '../../db/database-error.ts';

/** Does something with names that only one may have; rejects with CONFLICT when another has them. */
export async function refuseTakenNames<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    const what = isUniqueViolation(error, 'user_email_key') ? 'e-mail address' : 'user name';
    throw liveError('CONFLICT', `this ${what} is taken`);
  }
}

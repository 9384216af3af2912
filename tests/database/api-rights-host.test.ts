import { describe } from 'vitest';
import { testRights } from '../support/rights-matrix.ts';

// The same table as `api-rights.test.ts`. Apart from it, because both take a minute.
describe.each(['rls', 'plain'] as const)('rights on a database of nchat’s, %s', (hostApp) => {
  testRights({ hostApp });
});

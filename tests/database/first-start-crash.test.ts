import { expect, test } from 'vitest';
import { readMigrations } from '../../packages/server/src/db/migrate.ts';
import { crashFirstStarts, randomRounds } from '../support/crash-rounds.ts';

// F15 of the fault list; the long suite has 20 rounds.
test('kills during the first start and during migration: the next start works', async () => {
  const rounds = randomRounds(5, 2500);
  console.log('rounds', JSON.stringify(rounds));
  expect(await crashFirstStarts(rounds)).toBe((await readMigrations()).length);
}, 120_000);

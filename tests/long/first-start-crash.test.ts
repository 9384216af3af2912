import { expect, test } from 'vitest';
import { readMigrations } from '../../packages/server/src/db/migrate.ts';
import { crashFirstStarts, randomRounds } from '../support/crash-rounds.ts';

// F15 of the fault list: 20 of 20. Each on a folder of its own, so that each is a first start.
test('20 first starts that are killed at any time: the next start works', async () => {
  const wanted = (await readMigrations()).length;
  for (let round = 0; round < 20; round += 1) {
    const rounds = randomRounds(1, 3000);
    expect([rounds, await crashFirstStarts(rounds)]).toEqual([rounds, wanted]);
  }
});

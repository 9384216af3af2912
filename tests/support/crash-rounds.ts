import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { processesIn } from '../../packages/server/src/db/embedded/process-proof.ts';
import { DatabaseHost } from './database-host-process.ts';

/** What was killed in a round. */
export interface Round {
  /** Milliseconds after the start. */
  readonly afterMs: number;
  /** `server`: Node alone, PostgreSQL lives on; `everything`: the whole tree. */
  readonly what: 'server' | 'everything';
}

/**
 * A first start (initdb, migrations) that is killed in each of `rounds`, one after the other on the same folder; then one that is left
 * alone. Returns how many migrations the last one finds. Throws when that one does not start.
 */
export async function crashFirstStarts(rounds: readonly Round[]): Promise<number> {
  const root = await mkdtemp(join(tmpdir(), 'tallylight-crash-'));
  const directory = join(root, 'postgres');
  const alive = new Set<DatabaseHost>();
  try {
    for (const { afterMs, what } of rounds) {
      const host = new DatabaseHost(directory, { migrate: true });
      alive.add(host);
      await delay(afterMs);
      if (what === 'everything') killPostgres(directory);
      await host.signal('SIGKILL');
      if (what === 'everything') killPostgres(directory);
      alive.delete(host);
    }
    const last = new DatabaseHost(directory, { migrate: true });
    alive.add(last);
    const { url, error } = await last.report;
    if (error !== undefined) throw new Error(error);
    const client = new Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query<{ n: number }>(
      'SELECT count(*)::int AS n FROM tallylight.migrations',
    );
    await client.end();
    await last.signal('SIGTERM');
    return rows[0]?.n ?? 0;
  } finally {
    for (const host of alive) await host.signal('SIGKILL');
    killPostgres(directory);
    await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

/** Every process of a cluster in `directory`, of one that is being made as well. */
function killPostgres(directory: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(directory).filter((name) => name.startsWith('data') && !name.endsWith('.pw'));
  } catch {
    // Not made yet.
  }
  for (const pid of names.flatMap((name) => processesIn(join(directory, name)))) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
  }
}

/** Rounds at random times up to `withinMs`, of both kinds. */
export function randomRounds(count: number, withinMs: number): readonly Round[] {
  return Array.from({ length: count }, () => ({
    afterMs: Math.round(Math.random() * withinMs),
    what: Math.random() < 0.5 ? ('server' as const) : ('everything' as const),
  }));
}

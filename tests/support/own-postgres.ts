import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../packages/server/src/db/embedded/embedded-postgres.ts';
import { processesIn } from '../../packages/server/src/db/embedded/process-proof.ts';
import { migrate } from '../../packages/server/src/db/migrate.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';

/** Debian's programs: the oldest PostgreSQL that we support. */
export const DEBIAN_POSTGRES = {
  binaries: { initdb: '/usr/lib/postgresql/15/bin/initdb', postgres: '/usr/lib/postgresql/15/bin/postgres' },
  major: '15',
};

/** The programs that this run of the tests is about: with `TEST_POSTGRES=debian` Debian's, else those of the npm package. */
export function testPrograms(): Pick<EmbeddedPostgresOptions, 'programs'> {
  return process.env['TEST_POSTGRES'] === 'debian' ? { programs: DEBIAN_POSTGRES } : {};
}

/** A PostgreSQL of a test's own, which it may stop, freeze and kill. */
export class OwnPostgres {
  readonly directory: string;
  postgres: EmbeddedPostgres;
  readonly #root: string;

  private constructor(root: string, postgres: EmbeddedPostgres) {
    this.#root = root;
    this.directory = join(root, 'postgres');
    this.postgres = postgres;
  }

  /** Makes, starts and migrates one. */
  static async start(): Promise<OwnPostgres> {
    const root = await mkdtemp(join(tmpdir(), 'tallylight-own-postgres-'));
    const options = { directory: join(root, 'postgres'), log: silentLogger, ...testPrograms() };
    const own = new OwnPostgres(root, await EmbeddedPostgres.start(options));
    await migrate(own.url);
    return own;
  }

  /** Login of the product's role. */
  get url(): string {
    return this.postgres.url;
  }

  /** Sends a signal to every process of the cluster. */
  signal(signal: NodeJS.Signals): void {
    for (const pid of processesIn(join(this.directory, 'data'))) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended in between.
      }
    }
  }

  /** Stops and removes it, frozen or not. */
  async drop(): Promise<void> {
    this.signal('SIGCONT');
    await this.postgres.close();
    await rm(this.#root, { recursive: true, force: true });
  }
}

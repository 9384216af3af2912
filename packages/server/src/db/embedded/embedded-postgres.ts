import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../platform/logger.ts';
import { clusterPlace, STATE_DIRECTORY } from './cluster-place.ts';
import { ClusterProcess, type ClusterProcessOptions, PortTakenError } from './cluster-process.ts';
import { CLUSTER_SETTINGS, type ClusterSettings } from './cluster-settings.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { type InstalledBinaries, installBinaries } from './installed-binaries.ts';
import { clusterUrl, ensureLogin, PRODUCT_DATABASE } from './login.ts';
import { clusterVersion, makeCluster } from './new-cluster.ts';
import { endOrphan } from './orphan.ts';
import { findPackageBinaries } from './package-binaries.ts';
import { ServerLock } from './server-lock.ts';
import { serviceUser } from './service-user.ts';
import { keptPassword, keptPort, newPort, readPassword } from './state-file.ts';

/** Where the embedded PostgreSQL lives, and what it is. */
export interface EmbeddedPostgresOptions {
  /** Folder for its data, port, password and lock: `postgres` in the data folder. Made when missing. */
  readonly directory: string;
  readonly log: Logger;
  /** Other programs than those of the npm package: tests run Debian's. */
  readonly programs?: { readonly binaries: InstalledBinaries; readonly major: string };
  /** Settings on top of ours: tests need no fsync. */
  readonly settings?: ClusterSettings;
  /** Where root puts the programs, and data that lies where only root may enter. Default `/var/lib/tallylight`. */
  readonly stateDirectory?: string;
}

/** After a death that nobody asked for: how long until the next start, in milliseconds; the last one for ever. */
const RESTART_MS = [100, 500, 2000, 5000] as const;
/** A run that lasted this long was a good one. */
const GOOD_RUN_MS = 60_000;

/**
 * PostgreSQL as a child of this server: no installation, no account, no open port but one of loopback. One server at a time has it;
 * whatever an earlier one left behind (processes, pid files, half a cluster) is put in order at the start.
 */
export class EmbeddedPostgres {
  /** Logs in as the product's own role, which is no superuser; holds the password: never log it. */
  readonly url: string;
  /** Logs in as the superuser, for backups and tests. */
  readonly adminUrl: string;
  readonly #lock: ServerLock;
  readonly #options: ClusterProcessOptions;
  #process: ClusterProcess;
  #closing: Promise<void> | undefined;
  readonly #stopped = new AbortController();

  private constructor(
    lock: ServerLock,
    process_: ClusterProcess,
    options: ClusterProcessOptions,
    password: string,
  ) {
    this.#lock = lock;
    this.#options = options;
    this.#process = process_;
    this.url = clusterUrl(options.port, password, 'server');
    this.adminUrl = clusterUrl(options.port, password, 'superuser');
    void this.#supervise();
  }

  /** Starts it, making the cluster at the first time. Throws `EmbeddedPostgresError`, and `DatabaseInUseError` naming who has it. */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const user = serviceUser();
    const place = await clusterPlace(options.directory, user, options.stateDirectory);
    const lock = await ServerLock.take(place);
    try {
      const { binaries, major } = options.programs ?? (await packagedPrograms(options, user !== undefined));
      const password = await keptPassword(place);
      await ensureCluster({ place, initdb: binaries.initdb, user, password, major }, options.log);
      const data = await realpath(join(place, 'data'));
      await endOrphan(data, options.log);
      const wanted = {
        postgres: binaries.postgres,
        data,
        user,
        settings: { ...CLUSTER_SETTINGS, ...options.settings },
        log: options.log,
      };
      const { process: started, port } = await startOnFreePort(place, wanted);
      try {
        await ensureLogin(port, password);
      } catch (error) {
        await started.stop();
        throw error;
      }
      return new EmbeddedPostgres(lock, started, { ...wanted, port }, password);
    } catch (error) {
      await lock.close();
      throw error;
    }
  }

  /** URL of the one that a running server has started on `directory`; undefined when none runs. */
  static async runningUrl(
    directory: string,
    stateDirectory: string = STATE_DIRECTORY,
  ): Promise<string | undefined> {
    const place = await clusterPlace(directory, serviceUser(), stateDirectory);
    const [owner, port, password] = [
      await ServerLock.ownerOf(place),
      await keptPort(place),
      await readPassword(place),
    ];
    if (owner === undefined || port === undefined || password === undefined) return undefined;
    return clusterUrl(port, password, 'server');
  }

  /** Process id of PostgreSQL; another one after it died and was started again. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get port(): number {
    return this.#options.port;
  }

  /** Stops PostgreSQL, at most 10 s, and gives the folder free; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#stopped.abort();
    await this.#process.stop();
    await this.#lock.close();
  }

  /** Starts it again when it dies. */
  async #supervise(): Promise<void> {
    const { signal } = this.#stopped;
    for (let deaths = 0; ; deaths += 1) {
      const since = performance.now();
      await this.#process.exited;
      if (signal.aborted) return;
      if (performance.now() - since > GOOD_RUN_MS) deaths = 0;
      this.#options.log.error({ deaths }, 'PostgreSQL died and is started again');
      await delay(RESTART_MS[Math.min(deaths, RESTART_MS.length - 1)], undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await endOrphan(this.#options.data, this.#options.log);
        const next = await ClusterProcess.start(this.#options);
        this.#process = next;
        if (signal.aborted) await next.stop();
      } catch (error) {
        this.#options.log.error({ error }, 'PostgreSQL could not be started again');
      }
    }
  }
}

async function packagedPrograms(
  options: EmbeddedPostgresOptions,
  isRoot: boolean,
): Promise<{ readonly binaries: InstalledBinaries; readonly major: string }> {
  const source = await findPackageBinaries();
  const binaries = await installBinaries(source, {
    copyTo: isRoot ? (options.stateDirectory ?? STATE_DIRECTORY) : undefined,
    elseCopyTo: join(options.directory, 'programs'),
  });
  return { binaries, major: source.version.split('.')[0] ?? '' };
}

async function ensureCluster(options: Parameters<typeof makeCluster>[0], log: Logger): Promise<void> {
  const version = await clusterVersion(options.place);
  if (version === undefined) {
    log.info({ place: options.place }, 'making the database');
    await makeCluster(options);
  } else if (version !== options.major) {
    throw new EmbeddedPostgresError(
      `${join(options.place, 'data')} was made by PostgreSQL ${version} and this is PostgreSQL ${options.major}. To upgrade: with the former` +
        ` version of Tallylight running, dump it (pg_dump -d ${PRODUCT_DATABASE}); move that folder away; start this version, which makes a new one;` +
        ' restore the dump (psql) with nothing else connected.',
    );
  }
}

async function startOnFreePort(
  place: string,
  options: Omit<ClusterProcessOptions, 'port'>,
): Promise<{ readonly process: ClusterProcess; readonly port: number }> {
  let port = (await keptPort(place)) ?? (await newPort(place));
  for (let tries = 1; ; tries += 1) {
    try {
      return { process: await ClusterProcess.start({ ...options, port }), port };
    } catch (error) {
      if (!(error instanceof PortTakenError) || tries === 5) throw error;
      port = await newPort(place);
    }
  }
}

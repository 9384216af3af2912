import type { DBAdapter, DBTransactionAdapter, Where } from 'better-auth/adapters';
import { tokenHash } from './account-secrets.ts';

type Methods = DBTransactionAdapter;
type Row = Record<string, unknown>;

/**
 * The library's adapter, but with only the hash of a session's token in the database: who reads a backup cannot sign in with it.
 * Rows that were asked for by token come back with that token; those of a list have the hash, which opens nothing.
 */
export function withHashedSessions(adapter: DBAdapter): DBAdapter {
  return {
    ...adapter,
    ...hashing(adapter),
    transaction: (work) => adapter.transaction((tx) => work({ ...tx, ...hashing(tx) })),
  };
}

function hashing(inner: Methods): Partial<Methods> & Pick<Methods, 'create' | 'update'> {
  return {
    create: (given) => {
      if (given.model !== 'session') return inner.create(given);
      const token = (given.data as Row)['token'];
      const data = { ...given.data, ...(typeof token === 'string' ? { token: tokenHash(token) } : {}) };
      return withToken(inner.create({ ...given, data }), token);
    },
    findOne: (given) => withToken(inner.findOne(hashed(given)), askedToken(given)),
    findMany: (given) => inner.findMany(hashed(given)),
    count: (given) => inner.count(hashed(given)),
    update: (given) => withToken(inner.update(hashed(given)), askedToken(given)),
    updateMany: (given) => inner.updateMany(hashed(given)),
    delete: (given) => inner.delete(hashed(given)),
    deleteMany: (given) => inner.deleteMany(hashed(given)),
    consumeOne: (given) => inner.consumeOne(hashed(given)),
  };
}

/** The same question with hashes for tokens. */
function hashed<T extends { model: string; where?: Where[] | undefined; update?: unknown }>(given: T): T {
  if (given.model !== 'session') return given;
  if (given.update !== undefined && Object.hasOwn(given.update as Row, 'token'))
    throw new TypeError('the token of a session does not change');
  if (given.where === undefined) return given;
  const where = given.where.map((term) => {
    if (term.field !== 'token') return term;
    if (typeof term.value === 'string') return { ...term, value: tokenHash(term.value) };
    if (Array.isArray(term.value)) return { ...term, value: term.value.map((one) => tokenHash(String(one))) };
    return term;
  });
  return { ...given, where };
}

function askedToken(given: { model: string; where: Where[] }): unknown {
  return given.model === 'session' ? given.where.find(({ field }) => field === 'token')?.value : undefined;
}

async function withToken<T>(answer: Promise<T>, token: unknown): Promise<T> {
  const row = await answer;
  if (typeof token !== 'string' || typeof row !== 'object' || row === null) return row;
  return { ...row, token };
}

import { Client } from 'pg';

/** The login role that the server works as. Not a superuser: row-level security holds for it. */
const ROLE = 'tallylight_server';

/** The database that the server works with. */
export const PRODUCT_DATABASE = 'tallylight';

/** How to log in to an embedded cluster: to the product's database as its role, or as the superuser `postgres`. */
export function clusterUrl(port: number, password: string, user: 'server' | 'superuser'): string {
  const [name, database] = user === 'server' ? [ROLE, PRODUCT_DATABASE] : ['postgres', 'postgres'];
  return `postgres://${name}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/** Makes the login role and the database where they are missing; applied at every start, because a kill may come in between. */
export async function ensureLogin(port: number, password: string): Promise<void> {
  const client = new Client({
    connectionString: clusterUrl(port, password, 'superuser'),
    connectionTimeoutMillis: 5000,
    query_timeout: 30_000,
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ has_role: boolean; has_database: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS has_role,
              EXISTS (SELECT FROM pg_database WHERE datname = $2) AS has_database`,
      [ROLE, PRODUCT_DATABASE],
    );
    if (rows[0]?.has_role !== true) {
      // The verifier of the password stands in no log: failed statements are not written to one.
      await client.query(
        `CREATE ROLE ${ROLE} LOGIN CREATEROLE NOBYPASSRLS PASSWORD ${client.escapeLiteral(password)}`,
      );
    }
    if (rows[0]?.has_database !== true) {
      await client.query(`CREATE DATABASE ${PRODUCT_DATABASE} OWNER ${ROLE}`);
    }
  } finally {
    await client.end();
  }
}

import { StreamError } from '@tallylight/protocol/errors.ts';
import { loadConfig } from '../config/config.ts';
import { Database } from '../db/database.ts';
import { EmbeddedPostgresError } from '../db/embedded/embedded-postgres-error.ts';
import { MigrationError, migrate } from '../db/migrate.ts';
import { createLogger } from '../platform/create-logger.ts';
import { ACCOUNT_ACTIONS, type AccountAction, AccountActions } from './account-actions.ts';
import { type Command, UsageError } from './command.ts';
import { withDatabaseUrl } from './database-access.ts';

/** `tallylight account`: who can sign in, for whoever sits at the server. */
export const accountCommand: Command = {
  usage: 'list | reset-password <e-mail> [--generate] | grant-admin|revoke-admin|disable|enable <e-mail>',
  description: 'List accounts, set a new password, make administrators; a running server follows',
  async run(argv) {
    const generate = argv.includes('--generate');
    const [action, ...rest] = argv.filter((word) => word !== '--generate');
    const email = rest[0]?.startsWith('--') === false ? rest[0] : undefined;
    const wanted = ACCOUNT_ACTIONS.find((known) => known === action);
    const isWhole = action === 'list' ? email === undefined : wanted !== undefined && email !== undefined;
    if (!isWhole || (generate && wanted !== 'reset-password'))
      throw new UsageError(`account needs: ${this.usage}`);
    const config = loadConfig(email === undefined ? rest : rest.slice(1), process.env);
    const log = createLogger(config.log);
    try {
      const text = await withDatabaseUrl(config, log, async (url) => {
        await migrate(url);
        const database = new Database({ url, log });
        try {
          return await done(
            new AccountActions(database, config.http.publicUrl ?? `http://localhost:${config.http.port}`),
            wanted,
            email,
            generate,
          );
        } finally {
          await database.close();
        }
      });
      console.log(text);
      return 0;
    } catch (error) {
      const isForPeople =
        error instanceof StreamError ||
        error instanceof MigrationError ||
        error instanceof EmbeddedPostgresError;
      if (!isForPeople) throw error;
      console.error(`tallylight: ${error.message}`);
      return 1;
    }
  },
};

async function done(
  actions: AccountActions,
  wanted: AccountAction | undefined,
  email: string | undefined,
  generate: boolean,
): Promise<string> {
  if (wanted === undefined || email === undefined) return await actions.list();
  return await actions.run(wanted, email, generate);
}

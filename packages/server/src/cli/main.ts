import { ConfigError } from '../config/setting.ts';
import { KeyFileError } from '../keys/key-file-error.ts';
import { type Command, UsageError } from './command.ts';
import { helpText } from './help.ts';

/** Commands by name. Each is loaded when it is called, so that none pays for the others' imports. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./serve.ts')).serveCommand,
  config: async () => (await import('./config.ts')).configCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  key: async () => (await import('./key.ts')).keyCommand,
  account: async () => (await import('./account.ts')).accountCommand,
  migrate: async () => (await import('./migrate.ts')).migrateCommand,
};

/** Runs `tallylight <command> …` and sets the exit code: 0 well, 1 failed, 2 typed wrongly. */
export async function main(argv: readonly string[]): Promise<void> {
  const name = argv[0] ?? 'help';
  if (['help', '--help', '-h'].includes(name) || argv.includes('--help')) {
    console.log(await helpText(commands));
    return;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (load === undefined) throw new UsageError(`there is no command ${JSON.stringify(name)}`);
    const command = await load();
    process.exitCode = await command.run(argv.slice(1));
  } catch (error) {
    if (error instanceof UsageError || error instanceof ConfigError) {
      console.error(`tallylight: ${error.message}\nSee  npx tallylight help`);
      process.exitCode = 2;
    } else if (error instanceof KeyFileError) {
      console.error(`tallylight: ${error.message}`);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}

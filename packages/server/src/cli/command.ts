/** One command of `tallylight`. */
export interface Command {
  /** What is typed after the name, for the help text. */
  readonly usage: string;
  readonly description: string;
  /** Runs the command; the number is the exit code. Throws `UsageError` or `ConfigError` for what the user can mend. */
  run(argv: readonly string[]): Promise<number>;
}

/** The command was typed in a way that means nothing. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

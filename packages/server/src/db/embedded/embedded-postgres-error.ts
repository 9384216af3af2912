/** The embedded PostgreSQL cannot start, and the operator can mend why. The message says how. */
export class EmbeddedPostgresError extends Error {
  override readonly name: string = 'EmbeddedPostgresError';
}

/** Another server has the database open. */
export class DatabaseInUseError extends EmbeddedPostgresError {
  override readonly name = 'DatabaseInUseError';
  /** Its process id; undefined when it runs where we cannot see it, such as in another container. */
  readonly pid: number | undefined;

  constructor(directory: string, pid: number | undefined) {
    const who = pid === undefined ? 'a server in another container or on another machine' : `process ${pid}`;
    super(`the database in ${directory} is in use by ${who}: stop that server first, or set DATA_DIR`);
    this.pid = pid;
  }
}

import { readFileSync } from 'node:fs';
import { EmbeddedPostgresError } from './embedded-postgres-error.ts';

/** A user and a group, by number. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

/** Whom PostgreSQL runs as: `nobody` when we are root, whom it refuses; undefined: ourselves. */
export function serviceUser(passwd = '/etc/passwd'): ServiceUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const line of readFileSync(passwd, 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name === 'nobody') return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root and ${passwd} has no user nobody: run as another user, or set DATABASE_URL`,
  );
}

/** PostgreSQL's settings, as its command line takes them; small, for a server beside a video encoder. None is a secret. */
export type ClusterSettings = Readonly<Record<string, string>>;

/** What every embedded cluster runs with. */
export const CLUSTER_SETTINGS: ClusterSettings = {
  // Nothing acknowledged is lost, not even with the power.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // TCP on loopback alone: a socket file would need a folder that its user may write to and others may not.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  password_encryption: 'scram-sha-256',
  max_connections: '40',
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '32MB',
  max_wal_size: '256MB',
  min_wal_size: '64MB',
  max_worker_processes: '2',
  max_parallel_workers_per_gather: '0',
  max_wal_senders: '0',
  wal_level: 'minimal',
  autovacuum_max_workers: '1',
  jit: 'off',
  TimeZone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  // To us, over a pipe; failed statements are the caller's to log, because their details hold people's words.
  log_destination: 'stderr',
  logging_collector: 'off',
  log_line_prefix: '',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
};

/** The settings as arguments of `postgres`. */
export function settingArgs(settings: ClusterSettings): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

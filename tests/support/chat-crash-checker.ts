import { sql } from 'kysely';
import type { Database } from '../../packages/server/src/db/database.ts';
import type { ChatReader, ChatWriterClient, CrashTarget } from './chat-crash-clients.ts';

interface Row {
  readonly id: string;
  readonly stream_id: string;
  readonly user_id: string;
  readonly client_id: string;
  readonly content: string;
  readonly seq: number;
  readonly is_deleted: boolean;
}

/** Compares what clients were told with what is stored. Every violation is a sentence. */
export async function checkChat(run: {
  readonly database: Database;
  readonly target: CrashTarget;
  readonly writers: readonly ChatWriterClient[];
  readonly readers: readonly ChatReader[];
}): Promise<{ readonly violations: readonly string[]; readonly stored: number }> {
  const violations = run.readers.flatMap((reader) => reader.violations);
  const { rows } = await run.database.asService((tx) =>
    sql<Row>`SELECT id, stream_id, user_id, client_id, content, seq, is_deleted FROM nchat_stream_chat_messages
      WHERE stream_id = ANY (${run.target.rooms}::uuid[]) ORDER BY stream_id, seq`.execute(tx),
  );
  for (const room of run.target.rooms) {
    const stored = rows.filter(({ stream_id }) => stream_id === room);
    const hole = stored.findIndex(({ seq }, index) => seq !== index + 1);
    if (hole >= 0) violations.push(`room ${room}: number ${stored[hole]?.seq} stands at place ${hole + 1}`);
    for (const reader of run.readers.filter((each) => each.room === room)) {
      const wrong = stored.findIndex(({ id }, index) => reader.view[index]?.id !== id);
      if (wrong >= 0 || reader.view.length !== stored.length) {
        violations.push(
          `room ${room}: a reader saw ${reader.view.length} of ${stored.length}, another one at place ${wrong + 1}`,
        );
      }
    }
  }
  violations.push(...checkSent(run.writers, rows));
  return { violations, stored: rows.length };
}

function checkSent(writers: readonly ChatWriterClient[], rows: readonly Row[]): readonly string[] {
  const violations: string[] = [];
  const byClientId = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.user_id}/${row.client_id}`;
    byClientId.set(key, [...(byClientId.get(key) ?? []), row]);
  }
  let known = 0;
  for (const sent of writers.flatMap((writer) => writer.sent)) {
    const stored = byClientId.get(`${sent.userId}/${sent.clientId}`) ?? [];
    known += stored.length;
    const [row] = stored;
    if (stored.length > 1) violations.push(`${sent.clientId} is stored ${stored.length} times`);
    for (const ack of sent.acks) {
      if (row === undefined) violations.push(`${sent.clientId} was acknowledged and is lost`);
      else if (ack.id !== row.id || ack.seq !== row.seq) {
        violations.push(`${sent.clientId} was acknowledged as ${ack.seq} and is ${row.seq}`);
      }
    }
    if (row !== undefined && (row.content !== sent.content || row.stream_id !== sent.room)) {
      violations.push(`${sent.clientId} is stored as another message`);
    }
    if (sent.isDeletionAcked && row?.is_deleted !== true) violations.push(`${sent.clientId} came back`);
    if (sent.ackedAfterBan) violations.push(`${sent.clientId} was acknowledged after the ban was`);
    if (sent.isAfterBan && row !== undefined) violations.push(`${sent.clientId} was stored after the ban`);
  }
  if (known !== rows.length) violations.push(`${rows.length - known} stored messages nobody sent`);
  return violations;
}

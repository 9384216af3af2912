import { sql } from 'kysely';
import type { Database, Tx } from '../../db/database.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEvents } from '../control-events.ts';

/**
 * Keeps `total_chat_messages` and `sent_chat_messages`. The total is copied from the counter that numbers the messages, so it is exact
 * whenever it is written. A viewer's is added up while the stream runs and counted anew from the messages when it ends, and at the
 * start for streams that are live then: what a killed server did not write is found again.
 */
export class ChatTotals {
  readonly #database: Database;
  readonly #events: ControlEvents;
  readonly #log: Logger;
  /** Messages since the last write: stream, then person. */
  #sent = new Map<string, Map<string, number>>();
  #recounts = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  readonly #onEnded = ({ streamId }: { readonly streamId: string }): void => {
    this.#recounts.add(streamId);
    void this.flush();
  };

  constructor(options: {
    readonly database: Database;
    readonly events: ControlEvents;
    readonly log: Logger;
    readonly everyMs: number;
  }) {
    this.#database = options.database;
    this.#events = options.events;
    this.#log = options.log;
    this.#events.on('stream-ended', this.#onEnded);
    this.#timer = setInterval(() => void this.flush(), options.everyMs).unref();
  }

  /** Notes a stored message. */
  add(streamId: string, userId: string): void {
    const people = this.#sent.get(streamId) ?? new Map<string, number>();
    people.set(userId, (people.get(userId) ?? 0) + 1);
    this.#sent.set(streamId, people);
  }

  /** Counts anew for every stream that is live, as after a crash. */
  async start(): Promise<void> {
    const live = await this.#database.asService((tx) =>
      tx.selectFrom('nchat_streams').select('id').where('status', '=', 'live').execute(),
    );
    for (const { id } of live) this.#recounts.add(id);
    await this.flush();
  }

  /** Writes what is noted. A failure is logged and tried again with the next. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Writes what is left; idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#events.off('stream-ended', this.#onEnded);
    await this.flush();
  }

  async #write(): Promise<void> {
    const [sent, recounts] = [this.#sent, this.#recounts];
    if (sent.size === 0 && recounts.size === 0) return;
    this.#sent = new Map();
    this.#recounts = new Set();
    try {
      await this.#database.asService(async (tx) => {
        await writeTotals(tx, [...new Set([...sent.keys(), ...recounts])]);
        for (const streamId of recounts) await recountViewers(tx, streamId);
        await addToViewers(tx, sent, recounts);
      });
    } catch (error) {
      // What was added may have been written or not: count.
      for (const streamId of [...sent.keys(), ...recounts]) this.#recounts.add(streamId);
      this.#log.warn({ error, streams: sent.size }, 'chat counters could not be written');
    }
  }
}

async function writeTotals(tx: Tx, streamIds: readonly string[]): Promise<void> {
  await sql`
    UPDATE nchat_streams s SET total_chat_messages = c.last_seq
    FROM nchat_stream_chat_counters c
    WHERE c.stream_id = s.id AND s.id = ANY (${streamIds}::uuid[]) AND s.total_chat_messages <> c.last_seq`.execute(
    tx,
  );
}

/** A person's messages belong to their latest playback session that had begun by then. */
async function recountViewers(tx: Tx, streamId: string): Promise<void> {
  await sql`
    WITH spans AS (
      SELECT id, user_id, joined_at, lead(joined_at) OVER (PARTITION BY user_id ORDER BY joined_at, id) AS next_at
      FROM nchat_stream_viewers WHERE stream_id = ${streamId} AND user_id IS NOT NULL),
    counts AS (
      SELECT s.id, count(m.id)::integer AS n
      FROM spans s LEFT JOIN nchat_stream_chat_messages m
        ON m.stream_id = ${streamId} AND m.user_id = s.user_id AND m.created_at >= s.joined_at
        AND (s.next_at IS NULL OR m.created_at < s.next_at)
      GROUP BY s.id)
    UPDATE nchat_stream_viewers v SET sent_chat_messages = counts.n
    FROM counts WHERE v.id = counts.id AND v.sent_chat_messages <> counts.n`.execute(tx);
}

async function addToViewers(
  tx: Tx,
  sent: ReadonlyMap<string, ReadonlyMap<string, number>>,
  counted: ReadonlySet<string>,
): Promise<void> {
  const added = [...sent]
    .filter(([stream]) => !counted.has(stream))
    .flatMap(([stream, people]) => [...people].map(([person, n]) => ({ stream, person, n })));
  if (added.length === 0) return;
  await sql`
    UPDATE nchat_stream_viewers v SET sent_chat_messages = v.sent_chat_messages + d.n
    FROM (
      SELECT DISTINCT ON (a.stream, a.person) w.id, a.n
      FROM jsonb_to_recordset(${JSON.stringify(added)}::jsonb) AS a (stream uuid, person uuid, n integer)
      JOIN nchat_stream_viewers w ON w.stream_id = a.stream AND w.user_id = a.person
      ORDER BY a.stream, a.person, w.joined_at DESC) d
    WHERE v.id = d.id`.execute(tx);
}

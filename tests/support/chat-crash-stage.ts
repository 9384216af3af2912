import { join } from 'node:path';
import { Database } from '../../packages/server/src/db/database.ts';
import { EmbeddedPostgres } from '../../packages/server/src/db/embedded/embedded-postgres.ts';
import { silentLogger } from '../../packages/server/src/platform/logger.ts';
import type { StoredMessage } from './chat-crash-checker.ts';
import { sleep } from './chat-crash-clients.ts';
import { CuttingProxy } from './cutting-proxy.ts';
import { descendants } from './process-tree.ts';
import { type Person, Product } from './product.ts';

/** Limits out of the way: this is about what is kept. */
const ENV = {
  CHAT_MESSAGES_PER_SECOND: '10000',
  CHAT_BURST: '10000',
  CHAT_ROOM_MESSAGES_PER_SECOND: '100000',
  SOCKET_EVENTS_PER_SECOND: '100000',
  API_REQUESTS_PER_MINUTE: '10000000',
  API_ANONYMOUS_REQUESTS_PER_MINUTE: '10000000',
  STREAMS_PER_BROADCASTER: '10000',
};

/** How long a restart may take, in milliseconds. */
const RESTART_MS = 120_000;

/** The product with its people, who reach it through a proxy that cuts their connections; for any number of runs. */
export class ChatCrashStage {
  /** One after the other: several first starts at once would hold each other up. */
  static #starting: Promise<unknown> = Promise.resolve();
  readonly product: Product;
  readonly proxy: CuttingProxy;
  readonly owner: Person;
  readonly people: readonly Person[];
  readonly #channelId: string;
  #frozen: readonly number[] = [];

  private constructor(
    product: Product,
    proxy: CuttingProxy,
    people: readonly [Person, ...Person[]],
    channelId: string,
  ) {
    this.product = product;
    this.proxy = proxy;
    [this.owner, ...this.people] = people;
    this.#channelId = channelId;
  }

  /** Starts it with so many people who write. */
  static async start(writers: number): Promise<ChatCrashStage> {
    const starting = ChatCrashStage.#starting.then(() => Product.start({ env: ENV }));
    ChatCrashStage.#starting = starting.catch(() => undefined);
    const product = await starting;
    try {
      const owner = await product.signUp('Owner');
      const people = await Promise.all(Array.from({ length: writers }, (_, n) => product.signUp(`P${n}`)));
      const { id } = await owner.must('POST', '/api/channels', { name: 'Crash', slug: 'crash' });
      const proxy = await CuttingProxy.start(product.server.httpPort);
      return new ChatCrashStage(product, proxy, [owner, ...people], String(id));
    } catch (error) {
      await product.stop();
      throw error;
    }
  }

  /** A stream whose chat is open without media: its waiting room. */
  async room(): Promise<string> {
    const scheduledAt = new Date(Date.now() + 10 * 60_000).toISOString();
    const body = { channelId: this.#channelId, title: 'A stream', waitingRoom: true, scheduledAt };
    return String((await this.owner.must('POST', '/api/streams/create', body))['id']);
  }

  /** Stops PostgreSQL where it is. */
  freeze(): void {
    const all = descendants(this.product.server.pid);
    this.#frozen = all.flatMap(({ pid, name }) => (name === 'postgres' ? [pid] : []));
    signalAll(this.#frozen, 'SIGSTOP');
  }

  /** Kills the server with SIGKILL, starts it again and lets the database go on; gives how long it took to be ready, in milliseconds. */
  async restart(): Promise<number> {
    const { server } = this.product;
    const killedMs = performance.now();
    await server.signal('SIGKILL');
    const from = server.output.length;
    try {
      await this.#launch();
      this.thaw();
      await this.product.ready(RESTART_MS);
    } catch (error) {
      throw new Error(`the server did not come back: ${server.output.slice(from).slice(-4000)}`, {
        cause: error,
      });
    }
    return Math.round(performance.now() - killedMs);
  }

  /** Starts it, however long that takes on a machine that others use: this is not about time. */
  async #launch(): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.product.server.launch();
        return;
      } catch (error) {
        if (String(error).includes('in vain')) return;
        // While nobody listens on its port, a client's own end of a connection can get that number for a moment.
        if (tries === 20 || !String(error).includes('EADDRINUSE')) throw error;
        await sleep(100);
      }
    }
  }

  /** Lets it go on, in case. */
  thaw(): void {
    signalAll(this.#frozen, 'SIGCONT');
    this.#frozen = [];
  }

  /** Every message of these rooms, by room and number. */
  async stored(rooms: readonly string[]): Promise<readonly StoredMessage[]> {
    const url = await EmbeddedPostgres.runningUrl(join(this.product.server.dataDir, 'postgres'));
    if (url === undefined) throw new Error('no database runs');
    const database = new Database({ url, log: silentLogger });
    try {
      const rows = await database.asService((tx) =>
        tx
          .selectFrom('nchat_stream_chat_messages')
          .select(['id', 'stream_id', 'user_id', 'client_id', 'content', 'seq', 'is_deleted'])
          .where('stream_id', 'in', rooms)
          .orderBy('stream_id')
          .orderBy('seq')
          .execute(),
      );
      return rows.map((row) => ({
        id: row.id,
        streamId: row.stream_id,
        userId: row.user_id,
        clientId: row.client_id ?? '',
        content: row.content,
        seq: row.seq,
        isDeleted: row.is_deleted,
      }));
    } finally {
      await database.close();
    }
  }

  /** Ends everything. */
  async close(): Promise<void> {
    this.thaw();
    this.proxy.close();
    await this.product.stop();
  }
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended in between.
    }
  }
}

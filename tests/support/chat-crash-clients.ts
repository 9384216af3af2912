import { ChatStore } from '../../packages/client/src/realtime/chat-store.ts';
import { RealtimeClient } from '../../packages/client/src/realtime/realtime-client.ts';
import { toRealtimeError } from '../../packages/client/src/realtime/realtime-error.ts';
import type { ReaderView, SeenMessage, SentMessage } from './chat-crash-checker.ts';
import type { Answer, Person } from './product.ts';
import { waitFor } from './wait-for.ts';

/** What clients talk to. */
export interface CrashTarget {
  /** Where sockets connect. */
  readonly url: string;
  readonly rooms: readonly string[];
  /** Bans and deletes. */
  readonly owner: Pick<Person, 'call'>;
}

/** How soon a client comes back, in milliseconds: sooner than people's, to meet the server while it starts, and not so often as to hold it up. */
const RETRY_MS = [20, 800] as const;
/** How long a reader may take to begin, and in the end to read everything, in milliseconds: many share the machine. */
const READ_MS = 60_000;

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Who writes how much. */
export interface ChatWriterOptions {
  readonly person: Pick<Person, 'id' | 'token'>;
  /** Beginning of its client ids. */
  readonly name: string;
  /** How many it says at least. */
  readonly messages: number;
  /** Longest time between two messages, in milliseconds. */
  readonly pauseMs: number;
  readonly random: () => number;
  /** Whether it has some of its messages deleted. Default true. */
  readonly deletes?: boolean;
}

/** Writes messages one after the other over a socket, hangs up at random, and sends again what was not acknowledged. */
export class ChatWriterClient {
  readonly sent: SentMessage[] = [];
  /** Refusals that nothing explains. */
  readonly violations: string[] = [];
  resent = 0;
  readonly #target: CrashTarget;
  readonly #options: ChatWriterOptions;
  readonly #client: RealtimeClient;
  /** Somebody is about to ban this person, or has. */
  #mayBeBanned = false;
  #isBanned = false;

  constructor(target: CrashTarget, options: ChatWriterOptions) {
    this.#target = target;
    this.#options = options;
    const { token } = options.person;
    this.#client = new RealtimeClient({
      url: target.url,
      token: () => token,
      answerTimeoutMs: 6000,
      retryMs: RETRY_MS,
    });
  }

  /** Messages with an acknowledgement. */
  get ackedCount(): number {
    return this.sent.filter(({ acks }) => acks.length > 0).length;
  }

  /** It has said what it has to say at least. */
  get hasSaidEnough(): boolean {
    return this.sent.length >= this.#options.messages;
  }

  /** Says everything that it has to say, and more as long as `goesOn`. */
  async run(stop: AbortSignal, goesOn: () => boolean = () => false): Promise<void> {
    const { random, name, pauseMs, person, deletes = true } = this.#options;
    this.#client.connect();
    for (let n = 0; (!this.hasSaidEnough || goesOn()) && !stop.aborted; n += 1) {
      const message: SentMessage = {
        clientId: `${name}-${n}`,
        userId: person.id,
        room: this.#target.rooms[Math.floor(random() * this.#target.rooms.length)] ?? '',
        content: `message ${n} of ${name}`,
        isAfterBan: this.#isBanned,
        acks: [],
        ackedAfterBan: false,
        isDeletionAcked: false,
      };
      this.sent.push(message);
      await this.#say(message, stop);
      if (deletes && message.acks.length > 0 && random() < 0.05) await this.#delete(message, stop);
      await sleep(random() * pauseMs);
    }
    this.#client.close();
  }

  /** Has this person banned in every room once half of their messages are sent. */
  async banWhenHalfDone(stop: AbortSignal): Promise<void> {
    while (this.sent.length < this.#options.messages / 2 && !stop.aborted) await sleep(20);
    this.#mayBeBanned = true;
    for (const streamId of this.#target.rooms) {
      // 409: an earlier attempt took effect without an answer.
      await this.#insist(
        `/api/streams/${streamId}/bans`,
        { userId: this.#options.person.id },
        [201, 409],
        stop,
      );
    }
    this.#isBanned = !stop.aborted;
  }

  /** Asks as the owner over REST until the answer is one of `wanted`. */
  async #insist(
    path: string,
    body: object | undefined,
    wanted: readonly number[],
    stop: AbortSignal,
  ): Promise<void> {
    while (!stop.aborted) {
      const method = body === undefined ? 'DELETE' : 'POST';
      const answer: Answer | undefined = await this.#target.owner
        .call(method, path, body)
        .catch(() => undefined);
      if (answer !== undefined && wanted.includes(answer.status)) return;
      if (answer !== undefined && answer.status < 500) {
        this.violations.push(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
        return;
      }
      await sleep(50);
    }
  }

  async #say(message: SentMessage, stop: AbortSignal): Promise<void> {
    const { random } = this.#options;
    const { room, content, clientId } = message;
    for (let isFirst = true; !stop.aborted; ) {
      if (!this.#client.isConnected) {
        await sleep(20);
        continue;
      }
      if (!isFirst) this.resent += 1;
      isFirst = false;
      const isBanned = this.#isBanned;
      const hangUp = random() < 0.05 ? setTimeout(() => this.#client.reconnect(), random() * 15) : undefined;
      try {
        const answer = await this.#client.request('chat:send', { streamId: room, content, clientId });
        message.acks.push(answer.message);
        if (isBanned) message.ackedAfterBan = true;
        // Now and then once more, as a client does that did not see the answer.
        if (random() < 0.95) return;
      } catch (error) {
        const { code, isTemporary, message: text } = toRealtimeError(error);
        if (!isTemporary) {
          if (code !== 'VIEWER_BANNED' || !this.#mayBeBanned)
            this.violations.push(`${clientId} was refused: ${code} ${text}`);
          return;
        }
        // Some give up: then it may be stored or not.
        if (random() < 0.03) return;
      } finally {
        clearTimeout(hangUp);
      }
      await sleep(30 + random() * 70);
    }
  }

  async #delete(message: SentMessage, stop: AbortSignal): Promise<void> {
    const path = `/api/streams/${message.room}/chat/${message.acks[0]?.id}`;
    await this.#insist(path, undefined, [200], stop);
    message.isDeletionAcked = !stop.aborted;
  }
}

/** Reads one room as our pages do, and notes in which order it is told. */
export class ChatReader implements ReaderView {
  readonly name: string;
  readonly room: string;
  readonly violations: string[] = [];
  readonly told: SeenMessage[] = [];
  readonly #client: RealtimeClient;
  readonly #store: ChatStore;

  constructor(target: CrashTarget, room: string, name: string) {
    this.name = name;
    this.room = room;
    this.#client = new RealtimeClient({ url: target.url, retryMs: RETRY_MS });
    this.#client.on('stream:chat-message', ({ streamId, id, seq, isDeleted }) => {
      if (streamId === room) this.told.push({ id, seq, isDeleted });
    });
    const options = { maxMessages: 1e6, maxCatchUp: 1e6, pageSize: 200, retryMs: 50 };
    this.#store = new ChatStore(this.#client, room, options);
  }

  /** What it shows. */
  get view(): readonly SeenMessage[] {
    return this.#store.snapshot.messages;
  }

  /** Begins to read; resolves once it follows the chat. */
  async open(): Promise<void> {
    void this.#client.join(this.room);
    this.#client.connect();
    await waitFor('a reader', () => !this.#store.snapshot.isLoading, READ_MS);
  }

  /** Reads to the end, once everything works again. */
  async heal(isComplete: (view: readonly SeenMessage[]) => boolean): Promise<void> {
    await waitFor('a reader to catch up', () => isComplete(this.view), READ_MS).catch(() =>
      this.violations.push(`${this.name} could not catch up after healing`),
    );
  }

  /** Reads no more. */
  close(): void {
    this.#store.close();
    this.#client.close();
  }
}

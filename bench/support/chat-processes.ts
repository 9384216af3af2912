import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { CrowdOrder, CrowdReport } from './chat-crowd.ts';
import type { ChatServerOptions, ChatServerReady } from './chat-server.ts';

/** A process of the chat bench, which ends when its parent lets go of it. */
export class ChatProcess {
  readonly #child: ChildProcess;

  /** @param file beside this one. */
  protected constructor(file: string, args: readonly string[] = []) {
    this.#child = fork(join(import.meta.dirname, file), args, {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The next word of the process; rejects when it dies. */
  protected next<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`a process ended with ${code}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message) => {
        this.#child.off('exit', onExit);
        resolve(message as T);
      });
    });
  }

  protected tell(message: object): void {
    this.#child.send(message);
  }

  /** Lets it end by itself. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.disconnect();
    await ended;
  }
}

/** Ours. */
export class ChatServerProcess extends ChatProcess {
  /** Starts it with its database. */
  static async start(options: ChatServerOptions): Promise<{ server: ChatServerProcess } & ChatServerReady> {
    const server = new ChatServerProcess('chat-server.ts', [JSON.stringify(options)]);
    return { server, ...(await server.next<ChatServerReady>()) };
  }
}

/** The bare relay. */
export class RelayProcess extends ChatProcess {
  static async start(): Promise<{ server: RelayProcess; port: number }> {
    const server = new RelayProcess('chat-relay.ts');
    return { server, ...(await server.next<{ port: number }>()) };
  }
}

/** Clients. */
export class CrowdProcess extends ChatProcess {
  constructor() {
    super('chat-crowd.ts');
  }

  /** Tells it what to do; resolves with what came of it, undefined for a join. */
  async do(order: CrowdOrder): Promise<CrowdReport | undefined> {
    this.tell(order);
    const { report, error } = await this.next<{ report?: CrowdReport | null; error?: string }>();
    if (error !== undefined) throw new Error(error);
    return report ?? undefined;
  }
}

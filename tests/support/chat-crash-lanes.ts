import { ChatCrashStage } from './chat-crash-stage.ts';

/** Stages for runs that go on at the same time: a server, a database, ports and a proxy each. */
export class ChatCrashLanes {
  readonly #lanes: number;
  readonly #writers: number;
  readonly #idle: ChatCrashStage[] = [];
  /** Those who wait for one. */
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  /** At most `lanes` of them, each with so many people who write; started when they are needed. */
  constructor(lanes: number, writers: number) {
    this.#lanes = lanes;
    this.#writers = writers;
  }

  /** Runs something on a stage that nobody else uses, as soon as there is one. A stage on which something failed is not used again. */
  async use<T>(run: (stage: ChatCrashStage) => Promise<T>): Promise<T> {
    while (this.#busy >= this.#lanes) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#busy += 1;
    let stage: ChatCrashStage | undefined;
    try {
      stage = this.#idle.pop() ?? (await ChatCrashStage.start(this.#writers));
      const result = await run(stage);
      this.#idle.push(stage);
      return result;
    } catch (error) {
      // At once: the runner says it only when all are done.
      process.stdout.write(`chat crash, a run failed: ${String(error).slice(0, 1000)}\n`);
      await stage?.close();
      throw error;
    } finally {
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Ends every stage. Nothing may run any more. */
  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((stage) => stage.close()));
  }
}

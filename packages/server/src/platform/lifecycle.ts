import type { Logger } from './logger.ts';

/** Something that was opened and must be closed. */
export interface Closable {
  close(): Promise<void> | void;
}

/**
 * What has been opened, in order; closed in the reverse order, so that nothing outlives what it leans on.
 * A part that fails to close is logged and does not keep the others open.
 */
export class Lifecycle {
  readonly #parts: { readonly name: string; readonly part: Closable }[] = [];
  readonly #log: Logger;
  #closing: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Remembers an opened part under a name for the log, and returns it. */
  own<P extends Closable>(name: string, part: P): P {
    this.#parts.push({ name, part });
    return part;
  }

  /** Closes every part, last opened first. Idempotent: later calls wait for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (const { name, part } of this.#parts.toReversed()) {
      try {
        await part.close();
      } catch (error) {
        this.#log.error({ part: name, error }, 'could not close a part of the server');
      }
    }
  }
}

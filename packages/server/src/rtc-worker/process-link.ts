import type { ToChildMessage } from './protocol/messages.ts';
import type { WireUnit } from './protocol/unit-frame.ts';
import type { WorkerLink } from './worker-link.ts';
import type { WorkerProcess } from './worker-process.ts';

/** The way to whichever child serves now. */
export class ProcessLink implements WorkerLink {
  #process: WorkerProcess | undefined;

  get up(): boolean {
    return this.#process !== undefined;
  }

  /** A child is ready. */
  connect(process: WorkerProcess): void {
    this.#process = process;
  }

  /** It is gone, or is to be no more. */
  disconnect(): void {
    this.#process = undefined;
  }

  send(message: ToChildMessage): void {
    if (message.type === 'close-feed') this.#process?.forgetFeed(message.feed);
    this.#process?.send(message);
  }

  sendUnit(unit: WireUnit): boolean {
    return this.#process?.sendUnit(unit) === true;
  }
}

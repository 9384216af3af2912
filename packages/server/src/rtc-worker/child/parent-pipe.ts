import { Socket } from 'node:net';
import { readFrames } from '../protocol/frame-dispatch.ts';
import { FrameWriter } from '../protocol/frame-writer.ts';
import type { FromChildMessage, ToChildMessage } from '../protocol/messages.ts';
import type { WireUnit } from '../protocol/unit-frame.ts';
import type { ParentLink } from './parent-link.ts';

/** Descriptor of the pipe towards the server; frames from it come on standard input. */
const OUTPUT_DESCRIPTOR = 3;

/** What the server sends, and its end. */
export interface ParentPipeEvents {
  onMessage(message: ToChildMessage): void;
  onUnit(unit: WireUnit): void;
  /** The server is gone, lets us go, or does not read any more: the process has to end. */
  onEnd(): void;
}

/** The two pipes between this process and the server. */
export class ParentPipe implements ParentLink {
  readonly #writer: FrameWriter<FromChildMessage>;

  constructor(events: ParentPipeEvents) {
    const output = new Socket({ fd: OUTPUT_DESCRIPTOR, readable: false, writable: true });
    output.on('error', () => events.onEnd());
    this.#writer = new FrameWriter(output, () => events.onEnd());
    const reader = readFrames<ToChildMessage>(events);
    process.stdin.on('data', (bytes: Uint8Array) => reader.push(bytes));
    process.stdin.on('end', () => events.onEnd());
    process.stdin.on('error', () => events.onEnd());
  }

  send(message: FromChildMessage): void {
    if (message.type === 'closed') this.#writer.forget(message.session);
    this.#writer.control(message);
  }

  sendUnit(unit: WireUnit): boolean {
    return this.#writer.unit(unit);
  }

  /** Forgets a session that the server closed. */
  forget(session: number): void {
    this.#writer.forget(session);
  }
}

import type { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';

/** A packet of Engine.IO as its server reads it. */
export interface EnginePacket {
  type: string;
  data?: unknown;
}

/** The few members of `ws`'s WebSocket that are used here. */
interface PlainWebSocket extends EventEmitter {
  readonly readyState: number;
  terminate(): void;
  readonly _socket?: Duplex | null;
  readonly _sender?: { sendFrame(frame: readonly Buffer[]): void };
}

/** The few members of Engine.IO's socket that are used here; its own types leave the transport's out. */
export interface EngineSocket extends EventEmitter {
  readonly readyState: string;
  /** What waits because something before it was not taken by the kernel yet. */
  readonly writeBuffer: readonly unknown[];
  readonly transport: { readonly writable: boolean; readonly socket?: PlainWebSocket };
  write(data: string, options: object): unknown;
  close(discard: boolean): unknown;
}

/** `WebSocket.OPEN` */
const OPEN = 1;
/** Answers that may wait behind one that the kernel did not take: more means that nobody reads them. */
const MAX_WAITING = 64;

/** Bytes that the client did not take yet, as far as they were given to the connection. */
export function pendingBytes(engine: EngineSocket): number {
  return engine.transport.socket?._socket?.writableLength ?? 0;
}

/** True when a client does not read what it is sent: more waits than it may. */
export function isStuck(engine: EngineSocket, sendBufferBytes: number): boolean {
  return pendingBytes(engine) > sendBufferBytes || engine.writeBuffer.length > MAX_WAITING;
}

/** Cuts a connection without a word: what waits to be sent is thrown away. */
export function cut(engine: EngineSocket): void {
  engine.transport.socket?.terminate();
}

/**
 * Gives whole WebSocket frames to a connection, in order with what Engine.IO sends. One write, whatever the number of frames: Engine.IO
 * would keep a queue and fire four events for each of them, at twice the cost.
 */
export function writeFrames(engine: EngineSocket, frames: Buffer): void {
  const { socket } = engine.transport;
  const sender = socket?._sender;
  if (engine.readyState !== 'open' || socket === undefined || sender === undefined) return;
  if (engine.writeBuffer.length === 0 && socket.readyState === OPEN) sender.sendFrame([frames]);
  else engine.write('', { wsPreEncodedFrame: [frames] });
}

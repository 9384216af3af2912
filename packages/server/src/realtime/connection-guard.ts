import type { Clock } from '../platform/clock.ts';
import { cut, type EnginePacket, type EngineSocket, isStuck } from './engine-socket.ts';
import type { RealtimeLimits } from './realtime-limits.ts';

/** Packets that announce binary attachments: Socket.IO's BINARY_EVENT and BINARY_ACK. */
const BINARY_PACKET = /^[56]/;
const SECOND_MS = 1000;
/** Time for a client to take the last frame and close. */
const GOODBYE_MS = 1000;

/**
 * Looks at every frame of a connection before Socket.IO parses it, and cuts the connection for one too many in a second, for anything
 * binary, and for asking on without reading the answers.
 */
export function guardConnection(
  engine: EngineSocket,
  limits: Pick<RealtimeLimits, 'framesPerSecond' | 'sendBufferBytes'>,
  clock: Clock,
  onCut: (reason: string) => void,
): void {
  let second = Number.NEGATIVE_INFINITY;
  let frames = 0;
  let isCut = false;

  const refuse = (reason: string): false => {
    if (!isCut) onCut(reason);
    isCut = true;
    cut(engine);
    return false;
  };
  const mayPass = (): boolean => {
    if (isCut) return false;
    const nowMs = clock.monotonicMs();
    if (nowMs - second >= SECOND_MS) {
      second = nowMs;
      frames = 0;
    }
    if (++frames > limits.framesPerSecond) return refuse('too many frames');
    return isStuck(engine, limits.sendBufferBytes) ? refuse('reads nothing') : true;
  };

  engine.on('packet', (packet: EnginePacket) => {
    const { type, data } = packet;
    const isBinary = type === 'message' && (typeof data !== 'string' || BINARY_PACKET.test(data));
    // Engine.IO goes on with the packet after this listener: one without meaning is not parsed.
    if (!mayPass() || (isBinary && !refuse('binary'))) packet.type = 'noop';
  });
  const webSocket = engine.transport.socket;
  webSocket?.on('ping', mayPass);
  // `ws` would wait half a minute for a dead peer to say goodbye too.
  engine.once('close', () => setTimeout(() => webSocket?.terminate(), GOODBYE_MS).unref());
}

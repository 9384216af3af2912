import { FRAME_TYPE, ProtocolError } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { readUnit, type WireUnit } from './unit-frame.ts';

/** Where the frames of a pipe go. */
export interface FrameTargets<Message> {
  onMessage(message: Message): void;
  /** The payload is a copy: a view would keep everything alive that was read together with it. */
  onUnit(unit: WireUnit): void;
}

/**
 * A reader of one direction of the protocol. Throws ProtocolError from `push` for anything that the other side, which is a program of
 * ours, would never send: it is broken then.
 */
export function readFrames<Message extends { readonly type: string }>(
  targets: FrameTargets<Message>,
): FrameReader {
  return new FrameReader(({ type, body }) => {
    if (type === FRAME_TYPE.unit) {
      const unit = readUnit(body);
      targets.onUnit({ ...unit, payload: new Uint8Array(unit.payload) });
    } else if (type === FRAME_TYPE.control) targets.onMessage(parseMessage(body) as Message);
    else throw new ProtocolError(`a frame of unknown type ${type}`);
  });
}

function parseMessage(body: Uint8Array): { readonly type: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch (cause) {
    throw new ProtocolError(`a control message of ${body.length} bytes is not JSON`, { cause });
  }
  if (
    typeof parsed !== 'object' ||
    parsed === null ||
    !('type' in parsed) ||
    typeof parsed.type !== 'string'
  ) {
    throw new ProtocolError('a control message without a type');
  }
  return { ...parsed, type: parsed.type };
}

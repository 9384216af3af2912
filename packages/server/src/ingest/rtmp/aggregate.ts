import { MESSAGE_TYPE, type RtmpMessage } from '../../rtmp/rtmp-message.ts';
import { CorruptMediaError } from './media-error.ts';

const TAG_HEADER_BYTES = 11;
const BACK_POINTER_BYTES = 4;

/**
 * Takes an aggregate message apart (RTMP 1.0 §7.1.6): FLV tags whose times are moved so that the first has the
 * message's own. Throws CorruptMediaError when a tag passes the end; the tags before it were reported.
 */
export function splitAggregate(message: RtmpMessage, onMessage: (message: RtmpMessage) => void): void {
  const { payload } = message;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  let offsetMs: number | undefined;
  for (let at = 0; at < payload.length; ) {
    if (at + TAG_HEADER_BYTES > payload.length)
      throw new CorruptMediaError(`aggregate message cut short at byte ${at}`);
    const type = view.getUint8(at);
    const size = view.getUint32(at) & 0xff_ffff;
    const timestampMs = ((view.getUint32(at + 4) >>> 8) | (view.getUint8(at + 7) << 24)) >>> 0;
    const start = at + TAG_HEADER_BYTES;
    if (start + size > payload.length) {
      throw new CorruptMediaError(
        `tag of ${size} bytes at ${at} passes the end of an aggregate of ${payload.length}`,
      );
    }
    offsetMs ??= message.timestampMs - timestampMs;
    if (type !== MESSAGE_TYPE.aggregate) {
      onMessage({
        type,
        streamId: message.streamId,
        timestampMs: (timestampMs + offsetMs) >>> 0,
        payload: payload.subarray(start, start + size),
      });
    }
    at = start + size + BACK_POINTER_BYTES;
  }
}

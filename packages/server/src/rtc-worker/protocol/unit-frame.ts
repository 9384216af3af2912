import { ProtocolError } from './frame.ts';

/**
 * An access unit between the processes. `channel` is the session's number (towards the server) or the feed's (towards the worker);
 * `track` the number that a control message gave to a track of it. Times are whole milliseconds.
 */
export interface WireUnit {
  readonly channel: number;
  readonly track: number;
  readonly kind: 'video' | 'audio';
  readonly keyframe: boolean;
  readonly ptsMs: number;
  readonly dtsMs: number;
  readonly payload: Uint8Array;
}

/** u32 channel, u8 track, u8 flags, f64 PTS, f64 DTS. */
export const UNIT_HEADER_BYTES = 22;

const FLAG_KEYFRAME = 1;
const FLAG_AUDIO = 2;

/** The fixed header in front of the payload. */
export function unitHeader(unit: Omit<WireUnit, 'payload'>): Uint8Array {
  const header = new Uint8Array(UNIT_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, unit.channel);
  view.setUint8(4, unit.track);
  view.setUint8(5, (unit.keyframe ? FLAG_KEYFRAME : 0) | (unit.kind === 'audio' ? FLAG_AUDIO : 0));
  view.setFloat64(6, unit.ptsMs);
  view.setFloat64(14, unit.dtsMs);
  return header;
}

/** Reads the body of a unit frame; the payload is a view of it. Throws ProtocolError. */
export function readUnit(body: Uint8Array): WireUnit {
  if (body.length < UNIT_HEADER_BYTES) {
    throw new ProtocolError(`a unit of ${body.length} bytes is shorter than its header`);
  }
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const flags = view.getUint8(5);
  const ptsMs = view.getFloat64(6);
  const dtsMs = view.getFloat64(14);
  if (!Number.isSafeInteger(ptsMs) || !Number.isSafeInteger(dtsMs)) {
    throw new ProtocolError(`a unit with PTS ${ptsMs} and DTS ${dtsMs}`);
  }
  return {
    channel: view.getUint32(0),
    track: view.getUint8(4),
    kind: (flags & FLAG_AUDIO) === 0 ? 'video' : 'audio',
    keyframe: (flags & FLAG_KEYFRAME) !== 0,
    ptsMs,
    dtsMs,
    payload: body.subarray(UNIT_HEADER_BYTES),
  };
}

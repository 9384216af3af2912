/** One whole RTMP message (RTMP 1.0 §6.1). */
export interface RtmpMessage {
  /** Message type id, one of `MESSAGE_TYPE`. */
  readonly type: number;
  /** Message stream id: 0 for control and for commands of the connection. */
  readonly streamId: number;
  /** Milliseconds modulo 2³². */
  readonly timestampMs: number;
  /** Owned by the receiver; may be a view into a larger read. */
  readonly payload: Uint8Array;
}

/** Message type ids (RTMP 1.0 §5.4, §7.1). */
export const MESSAGE_TYPE = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAckSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  dataAmf0: 18,
  sharedObjectAmf0: 19,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** User control event types (RTMP 1.0 §7.1.7). */
export const USER_CONTROL = {
  streamBegin: 0,
  streamEof: 1,
  setBufferLength: 3,
  pingRequest: 6,
  pingResponse: 7,
} as const;

/** Chunk size of both directions until a peer sets another (RTMP 1.0 §5.4.1). */
export const DEFAULT_CHUNK_BYTES = 128;

import { type AmfValue, isAmfObject } from '@tallylight/media/amf/amf-value.ts';
import { numberMember } from '../../rtmp/command.ts';

/** What a publisher says of itself in `onMetaData`, checked for sense; everything may be absent or untrue. */
export interface PublisherMetadata {
  readonly expectsVideo: boolean;
  readonly expectsAudio: boolean;
  readonly frameRate?: number;
  readonly videoBitrateBps?: number;
  readonly audioBitrateBps?: number;
  /** Program that publishes, such as `Lavf59.27.100` or `obs-output module (libobs version 30.2.3)`. */
  readonly encoder?: string;
}

const MAX_FRAME_RATE = 300;
const MAX_BITRATE_KBPS = 1_000_000;
const MAX_ENCODER_LENGTH = 80;

/**
 * Reads the values of a data message: `@setDataFrame`, `onMetaData`, values; or without the first (FLV 10.1 §E.5).
 * Undefined for any other data message.
 */
export function readMetadata(values: readonly AmfValue[]): PublisherMetadata | undefined {
  const at = values[0] === '@setDataFrame' ? 1 : 0;
  const members = values[at + 1];
  if (values[at] !== 'onMetaData' || !isAmfObject(members)) return undefined;
  const frameRate = within(
    numberMember(members, 'framerate') ?? numberMember(members, 'videoframerate'),
    MAX_FRAME_RATE,
  );
  const videoKbps = within(numberMember(members, 'videodatarate'), MAX_BITRATE_KBPS);
  const audioKbps = within(numberMember(members, 'audiodatarate'), MAX_BITRATE_KBPS);
  const encoder = members.get('encoder');
  return {
    expectsVideo:
      announces(members.get('videocodecid')) || within(numberMember(members, 'width'), 65_536) !== undefined,
    expectsAudio:
      announces(members.get('audiocodecid')) || numberMember(members, 'audiosamplerate') !== undefined,
    ...(frameRate === undefined ? {} : { frameRate }),
    ...(videoKbps === undefined ? {} : { videoBitrateBps: Math.round(videoKbps * 1000) }),
    ...(audioKbps === undefined ? {} : { audioBitrateBps: Math.round(audioKbps * 1000) }),
    ...(typeof encoder === 'string' ? { encoder: encoder.slice(0, MAX_ENCODER_LENGTH) } : {}),
  };
}

/** A codec id is a number, or a name such as `avc1`; GStreamer writes 0 and Wirecast an empty name for a missing track. */
function announces(codecId: AmfValue): boolean {
  return typeof codecId === 'number' ? codecId > 0 : typeof codecId === 'string' && codecId !== '';
}

function within(value: number | undefined, max: number): number | undefined {
  return value !== undefined && value > 0 && value <= max ? value : undefined;
}

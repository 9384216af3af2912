import type { AudioTrack, Track, VideoTrack } from '../../stream/track.ts';

/** A video track in JSON: the configuration in base64. */
export type WireVideoTrack = Omit<VideoTrack, 'config'> & { readonly config: string };

/** An audio track in JSON: the configuration in base64. */
export type WireAudioTrack = Omit<AudioTrack, 'config'> & { readonly config: string };

/** A track in JSON. */
export type WireTrack = WireVideoTrack | WireAudioTrack;

/** Makes a track fit for JSON. */
export function toWireTrack(track: VideoTrack): WireVideoTrack;
export function toWireTrack(track: AudioTrack): WireAudioTrack;
export function toWireTrack(track: Track): WireTrack;
export function toWireTrack(track: Track): WireTrack {
  return { ...track, config: Buffer.from(track.config).toString('base64') };
}

/** The track again. */
export function fromWireTrack(wire: WireVideoTrack): VideoTrack;
export function fromWireTrack(wire: WireAudioTrack): AudioTrack;
export function fromWireTrack(wire: WireTrack): Track;
export function fromWireTrack(wire: WireTrack): Track {
  return { ...wire, config: new Uint8Array(Buffer.from(wire.config, 'base64')) };
}

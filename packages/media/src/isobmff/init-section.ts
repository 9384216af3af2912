import { ByteWriter } from '../bytes/byte-writer.ts';
import { writeAudioSampleEntry } from './audio-sample-entry.ts';
import { writeCodecBox } from './codec-box.ts';
import { writeDinf } from './dinf.ts';
import { writeDOps } from './dops.ts';
import { writeEsds } from './esds.ts';
import { writeFtyp } from './ftyp.ts';
import { writeHdlr } from './hdlr.ts';
import { writeMdhd } from './mdhd.ts';
import { writeSmhd, writeVmhd } from './media-header.ts';
import { writeMvhd } from './mvhd.ts';
import { type Pasp, writePasp } from './pasp.ts';
import { writeStbl } from './stbl.ts';
import { writeTkhd } from './tkhd.ts';
import { writeTrex } from './trex.ts';
import { writeVisualSampleEntry } from './visual-sample-entry.ts';
import { writeBox } from './write-box.ts';

/** What an init section says of a video track. */
export interface VideoInitTrack {
  readonly kind: 'video';
  readonly codec: 'h264' | 'hevc' | 'av1';
  /** Ticks per second. */
  readonly timescale: number;
  /** Pixels, after cropping. */
  readonly width: number;
  readonly height: number;
  /** avcC, hvcC or av1C record. */
  readonly config: Uint8Array;
  /** Shape of a pixel; square when absent. */
  readonly pixelAspect?: Pasp;
}

/** What an init section says of an audio track. */
export interface AudioInitTrack {
  readonly kind: 'audio';
  readonly codec: 'aac' | 'opus';
  /** Ticks per second: the sample rate, or 48000 for Opus. */
  readonly timescale: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** AudioSpecificConfig or OpusHead. */
  readonly config: Uint8Array;
}

/** The one track of a CMAF init section. */
export type InitTrack = VideoInitTrack | AudioInitTrack;

const TRACK_ID = 1;
const VISUAL_ENTRY = { h264: ['avc1', 'avcC'], hevc: ['hvc1', 'hvcC'], av1: ['av01', 'av1C'] } as const;

/**
 * A CMAF header (ISO/IEC 23000-19 §7.3.1): ftyp and moov of one track with ID 1, no samples, no durations, no edit
 * list, so the bytes depend on the track alone and not on when the stream started.
 */
export function writeInitSection(track: InitTrack): Uint8Array {
  const writer = new ByteWriter(1024);
  writeFtyp(writer, { majorBrand: 'iso6', minorVersion: 0, compatibleBrands: ['iso6', 'cmfc'] });
  writeBox(writer, 'moov', () => {
    writeMvhd(writer, { timescale: track.timescale, duration: 0, nextTrackId: TRACK_ID + 1 });
    writeTrak(writer, track);
    writeBox(writer, 'mvex', () => {
      writeTrex(writer, {
        trackId: TRACK_ID,
        defaultSampleDuration: 0,
        defaultSampleSize: 0,
        defaultSampleFlags: 0,
      });
    });
  });
  return writer.toBytes();
}

function writeTrak(writer: ByteWriter, track: InitTrack): void {
  const video = track.kind === 'video';
  writeBox(writer, 'trak', () => {
    writeTkhd(writer, {
      trackId: TRACK_ID,
      duration: 0,
      volume: video ? 0 : 1,
      ...(video ? displaySize(track) : { width: 0, height: 0 }),
    });
    writeBox(writer, 'mdia', () => {
      writeMdhd(writer, { timescale: track.timescale, duration: 0, language: 'und' });
      writeHdlr(writer, { handlerType: video ? 'vide' : 'soun', name: 'Tallylight' });
      writeBox(writer, 'minf', () => {
        if (video) writeVmhd(writer);
        else writeSmhd(writer);
        writeDinf(writer);
        writeStbl(writer, () => (video ? writeVideoEntry(writer, track) : writeAudioEntry(writer, track)));
      });
    });
  });
}

/** tkhd holds the size on screen, so a pixel that is not square widens it. */
function displaySize(track: VideoInitTrack): { width: number; height: number } {
  const aspect = track.pixelAspect;
  const stretch = aspect === undefined ? 1 : aspect.hSpacing / aspect.vSpacing;
  return { width: Math.min(Math.round(track.width * stretch), 0xffff), height: track.height };
}

function writeVideoEntry(writer: ByteWriter, track: VideoInitTrack): void {
  const [entry, configBox] = VISUAL_ENTRY[track.codec];
  writeVisualSampleEntry(writer, entry, track, () => {
    writeCodecBox(writer, configBox, track.config);
    if (track.pixelAspect !== undefined) writePasp(writer, track.pixelAspect);
  });
}

function writeAudioEntry(writer: ByteWriter, track: AudioInitTrack): void {
  writeAudioSampleEntry(writer, track.codec === 'aac' ? 'mp4a' : 'Opus', track, () => {
    if (track.codec === 'opus') {
      writeDOps(writer, track.config);
      return;
    }
    writeEsds(writer, {
      objectTypeIndication: 0x40,
      maxBitrate: 0,
      averageBitrate: 0,
      audioSpecificConfig: track.config,
    });
  });
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concat } from '../bytes/concat.ts';
import { toHex } from '../bytes/hex.ts';
import { LiveMatroskaWriter } from './live-matroska-writer.ts';
import type { MatroskaTrack } from './track-entry.ts';

interface Frame {
  readonly pts: number;
  readonly keyframe: boolean;
  readonly payload: Uint8Array;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'matroska-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Encodes a second with FFmpeg into MP4 and slices its samples out by the positions that ffprobe tells. */
function encode(name: string, args: readonly string[]): { file: Uint8Array; frames: Frame[] } {
  const path = join(folder, name);
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args, path]);
  const file = readFileSync(path);
  const frames = probe(path).packets.map((packet) => ({
    pts: Math.round(Number(packet.pts_time) * 1000) + 100,
    keyframe: packet.flags.startsWith('K'),
    payload: file.subarray(Number(packet.pos), Number(packet.pos) + Number(packet.size)),
  }));
  return { file, frames };
}

interface Probed {
  readonly packets: {
    pts_time: string;
    flags: string;
    pos: string;
    size: string;
    stream_index: number;
    data_hash: string;
  }[];
  readonly streams: {
    codec_name: string;
    width?: number;
    height?: number;
    sample_rate?: string;
    extradata_size?: number;
  }[];
}

function probe(path: string): Probed {
  const flags = ['-v', 'error', '-of', 'json', '-show_packets', '-show_streams', '-show_data_hash', 'md5'];
  return JSON.parse(execFileSync('ffprobe', [...flags, path]).toString()) as Probed;
}

function boxBody(file: Uint8Array, type: string): Uint8Array {
  const at = Buffer.from(file).indexOf(type, 0, 'latin1');
  const size = new DataView(file.buffer, file.byteOffset).getUint32(at - 4);
  return file.subarray(at + 4, at - 4 + size);
}

function write(
  name: string,
  tracks: readonly MatroskaTrack[],
  blocks: readonly (Frame & { track: number })[],
): Probed {
  const writer = new LiveMatroskaWriter({ tracks });
  const pieces = [writer.header()];
  for (const frame of blocks) {
    pieces.push(
      ...writer.block({
        track: frame.track,
        timestamp: frame.pts,
        keyframe: frame.keyframe,
        payload: frame.payload,
      }),
    );
  }
  const path = join(folder, name);
  writeFileSync(path, concat(pieces));
  execFileSync('ffmpeg', ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-']);
  return probe(path);
}

function summary(frames: readonly Frame[]): string[] {
  return frames.map((frame) => `${frame.pts} ${frame.keyframe ? 'K' : '_'} ${frame.payload.length}`);
}

function probedSummary(probed: Probed, stream: number): string[] {
  return probed.packets
    .filter((packet) => packet.stream_index === stream)
    .map(
      (packet) => `${Math.round(Number(packet.pts_time) * 1000)} ${packet.flags.slice(0, 1)} ${packet.size}`,
    );
}

const VIDEO = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25', '-t', '1'];

describe('LiveMatroskaWriter', () => {
  test('ffprobe reads HEVC with B-frames back, time for time', () => {
    const { file, frames } = encode('hevc.mp4', [
      ...VIDEO,
      '-c:v',
      'libx265',
      '-x265-params',
      'log-level=error:keyint=10',
      '-bf',
      '2',
    ]);
    const track: MatroskaTrack = {
      kind: 'video',
      codecId: 'V_MPEGH/ISO/HEVC',
      codecPrivate: boxBody(file, 'hvcC'),
      width: 160,
      height: 120,
      defaultDurationNs: 40_000_000,
    };
    const probed = write(
      'hevc.mkv',
      [track],
      frames.map((frame) => ({ ...frame, track: 1 })),
    );
    expect(probed.streams).toMatchObject([{ codec_name: 'hevc', width: 160, height: 120 }]);
    expect(probedSummary(probed, 0)).toEqual(summary(frames));
  });

  test('ffprobe reads H.264 and AAC back, interleaved', () => {
    const video = encode('avc.mp4', [...VIDEO, '-c:v', 'libx264', '-g', '10']);
    const audio = encode('aac.mp4', [
      '-f',
      'lavfi',
      '-i',
      'sine=sample_rate=48000',
      '-t',
      '1',
      '-ac',
      '2',
      '-c:a',
      'aac',
    ]);
    const tracks: MatroskaTrack[] = [
      {
        kind: 'video',
        codecId: 'V_MPEG4/ISO/AVC',
        codecPrivate: boxBody(video.file, 'avcC'),
        width: 160,
        height: 120,
      },
      {
        kind: 'audio',
        codecId: 'A_AAC',
        codecPrivate: Uint8Array.of(0x11, 0x90),
        sampleRate: 48_000,
        channels: 2,
      },
    ];
    const blocks = [
      ...video.frames.map((frame) => ({ ...frame, track: 1 })),
      ...audio.frames.map((frame) => ({ ...frame, track: 2 })),
    ];
    const probed = write('both.mkv', tracks, blocks);
    expect(probed.streams).toMatchObject([
      { codec_name: 'h264' },
      { codec_name: 'aac', sample_rate: '48000' },
    ]);
    expect(probedSummary(probed, 0)).toEqual(summary(video.frames));
    expect(probedSummary(probed, 1)).toEqual(summary(audio.frames));
  });

  test('ffprobe reads VP8 and Opus back', () => {
    const path = join(folder, 'vp8.ivf');
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...VIDEO, '-c:v', 'libvpx', '-g', '10', path]);
    const video = ivfFrames(readFileSync(path));
    const audio = encode('opus.mp4', [
      '-f',
      'lavfi',
      '-i',
      'sine=sample_rate=48000',
      '-t',
      '1',
      '-ac',
      '2',
      '-c:a',
      'libopus',
    ]);
    // RFC 7845 §5.1: version 1, 2 channels, pre-skip 312, 48 kHz, gain 0, mapping family 0.
    const head = Uint8Array.of(
      ...new TextEncoder().encode('OpusHead'),
      1,
      2,
      0x38,
      0x01,
      0x80,
      0xbb,
      0,
      0,
      0,
      0,
      0,
    );
    const tracks: MatroskaTrack[] = [
      { kind: 'video', codecId: 'V_VP8', width: 160, height: 120 },
      {
        kind: 'audio',
        codecId: 'A_OPUS',
        codecPrivate: head,
        sampleRate: 48_000,
        channels: 2,
        codecDelayNs: 6_500_000,
        seekPreRollNs: 80_000_000,
      },
    ];
    const opus = audio.frames.filter((frame) => frame.pts >= 100);
    const blocks = [
      ...video.map((frame) => ({ ...frame, track: 1 })),
      ...opus.map((frame) => ({ ...frame, track: 2 })),
    ];
    const probed = write('webrtc.mkv', tracks, blocks);
    expect(probed.streams).toMatchObject([
      { codec_name: 'vp8', width: 160 },
      { codec_name: 'opus', sample_rate: '48000' },
    ]);
    expect(probedSummary(probed, 0)).toEqual(summary(video));
    expect(probed.packets.filter((packet) => packet.stream_index === 1)).toHaveLength(opus.length);
  });

  test('a block carries its offset within the cluster, and a far one opens the next cluster (RFC 9559 §10.3)', () => {
    const writer = new LiveMatroskaWriter({
      tracks: [{ kind: 'video', codecId: 'V_VP8', width: 2, height: 2 }],
      maxClusterUnits: 1000,
    });
    const block = (timestamp: number, keyframe: boolean): string =>
      toHex(concat(writer.block({ track: 1, timestamp, keyframe, payload: Uint8Array.of(0xaa) })));
    expect(block(5000, true)).toBe('1f43b67501ffffffffffffffe7821388a38581000080aa');
    expect(block(5040, false)).toBe('a38581002800aa');
    expect(block(4990, false)).toBe('a38581fff600aa');
    expect(block(6001, false)).toBe('1f43b67501ffffffffffffffe7821771a38581000000aa');
  });

  test('refuses negative times, unknown tracks and clusters that 16 bits cannot span', () => {
    const tracks: MatroskaTrack[] = [{ kind: 'video', codecId: 'V_VP8', width: 2, height: 2 }];
    const writer = new LiveMatroskaWriter({ tracks });
    const payload = new Uint8Array(1);
    expect(() => writer.block({ track: 1, timestamp: -1, keyframe: true, payload })).toThrow('got -1');
    expect(() => writer.block({ track: 2, timestamp: 0, keyframe: true, payload })).toThrow('track 2');
    expect(() => new LiveMatroskaWriter({ tracks: [] })).toThrow(RangeError);
    expect(() => new LiveMatroskaWriter({ tracks, maxClusterUnits: 40_000 })).toThrow('got 40000');
  });
});

function ivfFrames(file: Uint8Array): Frame[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const frames: Frame[] = [];
  for (let at = 32; at + 12 <= file.length; ) {
    const size = view.getUint32(at, true);
    const payload = file.subarray(at + 12, at + 12 + size);
    // RFC 6386 §9.1: the lowest bit of a VP8 frame is 0 for key frames.
    frames.push({ pts: frames.length * 40 + 100, keyframe: ((payload[0] ?? 1) & 1) === 0, payload });
    at += 12 + size;
  }
  return frames;
}

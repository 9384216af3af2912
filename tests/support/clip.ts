import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What a clip shows; every default is OBS-like. */
export interface ClipOptions {
  /** Default 320x180. */
  readonly size?: string;
  /** As FFmpeg takes it, such as `30000/1001`. Default 30. */
  readonly fps?: string | number;
  /** Default 30. */
  readonly seconds?: number;
  /** Frames from keyframe to keyframe. Default 60. */
  readonly gop?: number;
  /** Consecutive B-frames. Default 0. */
  readonly bFrames?: number;
  /** Default `main`. */
  readonly profile?: 'baseline' | 'main' | 'high';
  /** Default true. */
  readonly video?: boolean;
  /** A tone as AAC at this sampling rate, or no audio. Default 48000. */
  readonly audio?: number | false;
  /** Further filters behind the test picture. */
  readonly filter?: string;
  /** Further output options. */
  readonly extra?: readonly string[];
}

const FOLDER = join(tmpdir(), 'tallylight-clips');
const making = new Map<string, Promise<string>>();

/** Makes a file with FFmpeg once, and returns its path; the same arguments give the same file. */
export function makeFile(args: readonly string[], extension = 'flv'): Promise<string> {
  const name = createHash('sha1').update(JSON.stringify(args)).digest('hex').slice(0, 16);
  const made = making.get(name) ?? make(name, args, extension);
  making.set(name, made);
  return made;
}

async function make(name: string, args: readonly string[], extension: string): Promise<string> {
  const path = join(FOLDER, `${name}.${extension}`);
  if (existsSync(path)) return path;
  await mkdir(FOLDER, { recursive: true });
  const unfinished = join(FOLDER, `${name}.${process.pid}.${extension}`);
  await promisify(execFile)('ffmpeg', ['-v', 'error', '-nostdin', ...args, '-y', unfinished]);
  await rename(unfinished, path);
  return path;
}

/** An FLV file with a moving picture and a tone, made once. */
export function makeClip(options: ClipOptions = {}): Promise<string> {
  const { video = true, audio = 48_000, seconds = 30, size = '320x180', fps = 30 } = options;
  const inputs: string[] = [];
  if (video) inputs.push('-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${fps}`);
  if (audio !== false) inputs.push('-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${audio}`);
  return makeFile([
    ...inputs,
    ...(video ? videoArgs(options) : []),
    ...(audio === false ? [] : ['-c:a', 'aac', '-b:a', '96k', '-ac', '2']),
    ...(options.extra ?? []),
    ...['-t', String(seconds), '-flvflags', 'no_duration_filesize'],
  ]);
}

function videoArgs({ gop = 60, bFrames = 0, profile = 'main', filter }: ClipOptions): string[] {
  return [
    ...(filter === undefined ? [] : ['-vf', filter]),
    ...['-c:v', 'libx264', '-preset', 'superfast', '-profile:v', profile, '-pix_fmt', 'yuv420p'],
    ...['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0', '-bf', String(bFrames)],
    ...['-b:v', '400k', '-maxrate', '500k', '-bufsize', '500k'],
  ];
}

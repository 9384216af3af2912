import { existsSync } from 'node:fs';
import { ChildProcess } from '../../platform/child-process.ts';
import { ENCODERS, type EncoderName, encoderProbeArgs } from './args.ts';
import type { FfmpegInstallation, FfmpegOptions } from './installation.ts';
import { confine, DEFAULT_SANDBOX_LIMITS, probeSandbox, type Sandbox } from './sandbox.ts';

/** No usable FFmpeg: says where it was looked for and how to get one. */
export class FfmpegMissingError extends Error {
  override readonly name = 'FfmpegMissingError';
}

/** Whether an encoder works here, and if not why. */
export interface EncoderProbe {
  readonly encoder: EncoderName;
  readonly works: boolean;
  /** Last line that FFmpeg wrote, or what is missing. */
  readonly reason?: string;
}

/** A probe that takes longer has hung in a driver. */
const PROBE_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_CHARS = 200_000;
/** `-fps_mode` came with 5.1. */
const OLDEST = [5, 1] as const;

/** Finds FFmpeg, its version, and the first encoder that really encodes a picture. Throws FfmpegMissingError. */
export async function probeFfmpeg(options: FfmpegOptions): Promise<FfmpegInstallation> {
  const path = options.path ?? 'ffmpeg';
  const [sandbox, listing] = await Promise.all([probeSandbox(), run(path, ['-encoders'])]);
  if (listing.startError !== undefined || listing.code !== 0) {
    throw new FfmpegMissingError(`no FFmpeg at '${path}': install the package ffmpeg or set FFMPEG_PATH`);
  }
  const version = /ffmpeg version (\S+)/.exec(listing.stderr + listing.stdout)?.[1] ?? 'unknown';
  if (isTooOld(version))
    throw new FfmpegMissingError(`FFmpeg ${version} at '${path}' is too old: 5.1 or later is needed`);
  const wished = options.encoder === undefined ? ENCODERS : [options.encoder];
  for (const encoder of wished) {
    if (!listing.stdout.includes(` ${encoder} `)) continue;
    const probe = await probeEncoder(path, encoder, sandbox);
    if (probe.works) return { path, version, encoder, sandbox };
  }
  return { path, version, sandbox };
}

/** Tries every encoder, for `doctor`. */
export async function probeEncoders(
  installation: Pick<FfmpegInstallation, 'path' | 'sandbox'>,
): Promise<readonly EncoderProbe[]> {
  const probes: EncoderProbe[] = [];
  for (const encoder of ENCODERS)
    probes.push(await probeEncoder(installation.path, encoder, installation.sandbox));
  return probes;
}

/** Encodes one picture, confined as a live FFmpeg will be. */
async function probeEncoder(path: string, encoder: EncoderName, sandbox: Sandbox): Promise<EncoderProbe> {
  const missing = missingDevice(encoder);
  if (missing !== undefined) return { encoder, works: false, reason: missing };
  // A driver maps more memory than the limit allows; the descriptors stay bounded.
  const limits = { ...DEFAULT_SANDBOX_LIMITS, maxAddressSpaceBytes: 0 };
  const command = confine({ file: path, args: encoderProbeArgs(encoder) }, sandbox, limits);
  const result = await run(command.file, command.args);
  if (result.code === 0) return { encoder, works: true };
  const lines = result.stderr.trim().split('\n');
  return { encoder, works: false, reason: lines.at(-1) ?? 'FFmpeg said nothing' };
}

/** Spares a process start where the device node is not there. */
function missingDevice(encoder: EncoderName): string | undefined {
  if (encoder === 'h264_nvenc' && !existsSync('/dev/nvidiactl') && !existsSync('/dev/dxg'))
    return 'no NVIDIA device';
  if ((encoder === 'h264_qsv' || encoder === 'h264_vaapi') && !existsSync('/dev/dri'))
    return 'no render device in /dev/dri';
  return undefined;
}

/** True for a release older than 5.1; builds named after a commit or a date are believed. */
function isTooOld(version: string): boolean {
  const match = /^n?(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

async function run(
  file: string,
  args: readonly string[],
): Promise<{ code?: number; startError?: Error; stdout: string; stderr: string }> {
  const child = new ChildProcess({ file, args });
  const timer = setTimeout(() => child.kill(), PROBE_TIMEOUT_MS);
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      if (written[name].length < MAX_OUTPUT_CHARS) written[name] += text;
    });
  }
  child.stdin.end();
  const exit = await child.exited;
  clearTimeout(timer);
  return { ...exit, ...written };
}

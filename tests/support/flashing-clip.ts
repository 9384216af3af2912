import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { makeFile } from './clip.ts';

/** A clip whose picture flashes white and whose tone beeps at the same instants, once a second, for a tenth of one. */
export function makeFlashingClip(options: {
  readonly size: string;
  readonly fps: number;
  readonly seconds: number;
}): Promise<string> {
  const { size, fps, seconds } = options;
  const flash = `drawbox=enable='lt(mod(t-0.5,1),0.1)*gte(t,0.5)':color=white:t=fill`;
  const beep = `aevalsrc='0.8*sin(2*PI*1000*t)*lt(mod(t-0.5,1),0.1)*gte(t,0.5)':s=48000:c=stereo`;
  return makeFile([
    ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${fps},${flash}`, '-f', 'lavfi', '-i', beep],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-pix_fmt', 'yuv420p', '-bf', '0'],
    ...['-g', String(2 * fps), '-keyint_min', String(2 * fps), '-sc_threshold', '0', '-b:v', '1500k'],
    ...['-c:a', 'aac', '-b:a', '128k', '-t', String(seconds)],
  ]);
}

/** When flashes begin in a video file, in seconds of its own timestamps; from FFmpeg's signalstats. */
export async function flashTimes(file: string): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ffprobe', [
    ...['-v', 'error', '-f', 'lavfi', '-i', `movie=${file},scale=64:36,signalstats`],
    ...['-show_entries', 'frame=pts_time:frame_tags=lavfi.signalstats.YAVG', '-of', 'csv=p=0'],
  ]);
  const bright = stdout
    .split('\n')
    .map((line) => line.split(',').map(Number))
    .flatMap(([sec = Number.NaN, luma = 0]) => (Number.isNaN(sec) ? [] : [{ sec, on: luma > 200 }]));
  return risingEdges(bright);
}

/** When beeps begin in an audio file, in seconds of its own timestamps; decoded by FFmpeg. */
export async function beepTimes(file: string): Promise<number[]> {
  const rate = 48_000;
  const { stdout: start } = await promisify(execFile)('ffprobe', [
    ...['-v', 'error', '-show_entries', 'stream=start_time', '-of', 'csv=p=0', file],
  ]);
  const { stdout: pcm } = await promisify(execFile)(
    'ffmpeg',
    ['-v', 'error', '-i', file, '-f', 's16le', '-ac', '1', '-ar', String(rate), '-'],
    { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 },
  );
  const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1);
  const loud: { sec: number; on: boolean }[] = [];
  const step = rate / 1000;
  for (let at = 0; at + step <= samples.length; at += step) {
    const peak = samples.subarray(at, at + step).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    loud.push({ sec: Number(start) + at / rate, on: peak > 4000 });
  }
  // The tone crosses zero within a beep: what counts is the first loud millisecond after a long silence.
  return risingEdges(loud).filter((sec, index, all) => index === 0 || sec - (all[index - 1] ?? 0) > 0.5);
}

function risingEdges(states: readonly { readonly sec: number; readonly on: boolean }[]): number[] {
  return states.flatMap(({ sec, on }, at) => (on && states[at - 1]?.on === false ? [sec] : []));
}

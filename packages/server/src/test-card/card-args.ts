import { type CardOptions, framesPerSecond } from './card-options.ts';
import { clockBlocks } from './clock-strip.ts';
import { toneSampleRate } from './tone.ts';

/** Read what comes at once: these inputs need no probing. */
const unprobed = ['-probesize', '32', '-analyzeduration', '0', '-fpsprobesize', '0'];

/** One track as FLV on stdout, each tag as soon as it is made. */
const flvOnStdout = ['-f', 'flv', '-flvflags', 'no_duration_filesize', '-flush_packets', '1', 'pipe:1'];

/** FFmpeg's arguments for the pictures: rows of clock blocks on stdin, H.264 on stdout. No address and no key is among them. */
export function pictureArgs(options: CardOptions, fontPath: string | undefined): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error', ...unprobed],
    ...['-f', 'rawvideo', '-pixel_format', 'gray', '-video_size', `${clockBlocks}x1`],
    ...['-framerate', options.frameRate, '-i', 'pipe:0', '-f', 'lavfi', '-i', background(options)],
    ...['-filter_complex', pictureFilter(options, fontPath), '-map', '[picture]', ...videoEncoder(options)],
    ...flvOnStdout,
  ];
}

/** FFmpeg's arguments for the tone: mono samples on stdin, AAC in stereo on stdout. */
export function toneArgs(): string[] {
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error', ...unprobed],
    ...['-f', 's16le', '-ar', String(toneSampleRate), '-ac', '1', '-i', 'pipe:0'],
    ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2', ...flvOnStdout],
  ];
}

function background({ width, height, frameRate, picture }: CardOptions): string {
  const source = picture === 'moving' ? 'testsrc2' : 'color=c=0x203040';
  return `${source}${picture === 'moving' ? '=' : ':'}size=${width}x${height}:rate=${frameRate}`;
}

/** The clock for machines on top of the moving picture, and under it a clock for people where there is a font. */
function pictureFilter({ width, height, picture }: CardOptions, fontPath: string | undefined): string {
  const blockHeight = Math.max(8, 2 * Math.round(width / clockBlocks / 2));
  const text = picture === 'moving' && fontPath !== undefined ? `,${timeText(height, fontPath)}` : '';
  return (
    `[0:v]scale=${width}:${blockHeight}:flags=neighbor,format=yuv420p[clock];` +
    `[1:v][clock]overlay=x=0:y=0:shortest=1:format=yuv420${text}[picture]`
  );
}

function timeText(height: number, fontPath: string): string {
  const size = Math.round(height / 9);
  // Two readers unescape: first that of the filter graph, then drawtext's own.
  const path = fontPath.replaceAll(/[\\':]/g, String.raw`\$&`);
  return (
    `drawtext=fontfile='${path}':text='%{gmtime\\:%T} UTC':fontsize=${size}:fontcolor=white:` +
    `box=1:boxcolor=black@0.6:boxborderw=${Math.round(size / 4)}:x=(w-text_w)/2:y=h-2*text_h-${size}`
  );
}

function videoEncoder(options: CardOptions): string[] {
  const keyframeInterval = Math.round(framesPerSecond(options.frameRate) * options.gopSec);
  const rate = String(options.bitrateBps);
  return [
    ...[
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-tune',
      'zerolatency',
      '-profile:v',
      'high',
      '-pix_fmt',
      'yuv420p',
    ],
    ...[
      '-bf',
      '0',
      '-g',
      String(keyframeInterval),
      '-keyint_min',
      String(keyframeInterval),
      '-sc_threshold',
      '0',
    ],
    ...['-b:v', rate, '-maxrate', rate, '-bufsize', rate, '-fps_mode', 'passthrough', ...options.encoderArgs],
  ];
}

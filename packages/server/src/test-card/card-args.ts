import { type CardOptions, framesPerSecond } from './card-options.ts';
import { clockBlocks } from './clock-strip.ts';
import { toneSampleRate } from './tone.ts';

/** Descriptors of the encoder: pictures and sound in, one FLV each out, so that neither waits for the other in a muxer. */
export const cardPipes = { clockIn: 0, videoOut: 1, toneIn: 3, audioOut: 4 } as const;

/** Read what comes at once: these inputs need no probing. */
const unprobed = ['-probesize', '32', '-analyzeduration', '0', '-fpsprobesize', '0'];

/** FFmpeg's arguments for a test card. No address and no stream key is among them. */
export function cardArgs(options: CardOptions, fontPath: string | undefined): string[] {
  const clock = [
    '-f',
    'rawvideo',
    '-pixel_format',
    'gray',
    '-video_size',
    `${clockBlocks}x1`,
    '-framerate',
    options.frameRate,
  ];
  const tone = ['-f', 's16le', '-ar', String(toneSampleRate), '-ac', '1'];
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error'],
    ...[...unprobed, ...clock, '-i', `pipe:${cardPipes.clockIn}`],
    ...['-f', 'lavfi', '-i', background(options)],
    ...(options.audio ? [...unprobed, ...tone, '-i', `pipe:${cardPipes.toneIn}`] : []),
    ...['-filter_complex', pictureFilter(options, fontPath), '-map', '[picture]', ...videoEncoder(options)],
    ...[
      '-f',
      'flv',
      '-flvflags',
      'no_duration_filesize',
      '-flush_packets',
      '1',
      `pipe:${cardPipes.videoOut}`,
    ],
    ...(options.audio ? audioOutput() : []),
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

function audioOutput(): string[] {
  return [
    ...['-map', '2:a', '-c:a', 'aac', '-b:a', '128k', '-ac', '2'],
    ...[
      '-f',
      'flv',
      '-flvflags',
      'no_duration_filesize',
      '-flush_packets',
      '1',
      `pipe:${cardPipes.audioOut}`,
    ],
  ];
}

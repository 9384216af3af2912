import { execFile } from 'node:child_process';
import { type Finding, failure, note, ok } from './finding.ts';

/** Oldest FFmpeg that the media path was tried with. */
const oldestMajor = 5;

/** One frame takes milliseconds; a hardware driver that hangs must not hang us. */
const timeoutMs = 10_000;

/** The encoders that we can use: how to bring a picture to each, and whether anything works without it. */
const encoders = [
  { name: 'libx264', needed: true, input: [], filter: 'format=yuv420p' },
  { name: 'h264_nvenc', needed: false, input: [], filter: 'format=yuv420p' },
  { name: 'h264_qsv', needed: false, input: [], filter: 'format=nv12' },
  {
    name: 'h264_vaapi',
    needed: false,
    input: ['-vaapi_device', '/dev/dri/renderD128'],
    filter: 'format=nv12,hwupload',
  },
] as const;

/** FFmpeg's version, and which encoders really encode a frame on this machine. */
export async function checkFfmpeg(path: string): Promise<readonly Finding[]> {
  const version = await run(path, ['-hide_banner', '-version']);
  if (!version.ok) {
    return [
      failure(
        'FFmpeg',
        `${path} does not run`,
        'install FFmpeg (Debian: apt-get install ffmpeg) or set FFMPEG_PATH',
      ),
    ];
  }
  const name = /^ffmpeg version (\S+)/.exec(version.output)?.[1] ?? 'unknown';
  const major = Number(/^n?(\d+)\./.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
  const found = `version ${name}`;
  const first =
    major < oldestMajor
      ? note('FFmpeg', found, `take ${oldestMajor}.1 or newer, older ones are untried`)
      : ok('FFmpeg', found);
  return [first, ...(await Promise.all(encoders.map((encoder) => checkEncoder(path, encoder))))];
}

async function checkEncoder(path: string, encoder: (typeof encoders)[number]): Promise<Finding> {
  const subject = `encoder ${encoder.name}`;
  const result = await run(path, [
    ...['-hide_banner', '-nostdin', '-v', 'error', ...encoder.input],
    ...['-f', 'lavfi', '-i', 'color=black:s=320x240:r=25', '-frames:v', '1'],
    ...['-vf', encoder.filter, '-c:v', encoder.name, '-f', 'null', '-'],
  ]);
  if (result.ok) return ok(subject, 'encodes');
  if (!encoder.needed) return ok(subject, 'not on this machine');
  return failure(
    subject,
    'does not encode',
    'install an FFmpeg with libx264 (Debian’s has it; Fedora: the one of RPM Fusion)',
  );
}

function run(
  path: string,
  args: readonly string[],
): Promise<{ readonly ok: boolean; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(path, args, { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, stdout) => {
      resolve({ ok: error === null, output: stdout });
    });
  });
}

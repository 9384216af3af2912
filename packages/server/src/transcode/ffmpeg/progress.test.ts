import { describe, expect, test } from 'vitest';
import { type FfmpegProgress, ProgressReader } from './progress.ts';

// From FFmpeg 5.1.9, two outputs.
const REPORT = `frame=61
fps=30.47
stream_0_0_q=23.0
stream_1_0_q=21.0
bitrate=N/A
total_size=N/A
out_time_us=7000000
out_time_ms=7000000
out_time=00:00:07.000000
dup_frames=0
drop_frames=3
speed=   1x
progress=continue
`;

function read(pieces: readonly string[]): FfmpegProgress[] {
  const reports: FfmpegProgress[] = [];
  const reader = new ProgressReader((report) => reports.push(report));
  for (const piece of pieces) reader.push(piece);
  return reports;
}

describe('ProgressReader', () => {
  test('reads a report', () => {
    expect(read([REPORT])).toEqual([{ frame: 61, fps: 30.47, droppedFrames: 3, speed: 1, ended: false }]);
  });

  test('does not care where the pieces are cut', () => {
    expect(read(REPORT.split(/(?=.)/s))).toEqual(read([REPORT]));
  });

  test('leaves out what FFmpeg does not know yet, and tells the last report', () => {
    expect(read(['fps=0.00\nspeed=N/A\nprogress=continue\n', 'speed=1.02e+03x\nprogress=end\n'])).toEqual([
      { fps: 0, ended: false },
      { speed: 1020, ended: true },
    ]);
  });

  test('passes over lines that are no key=value, or too long', () => {
    expect(read(['hello\n=5\n', `speed=${'9'.repeat(1000)}\n`, 'progress=continue\n'])).toEqual([
      { ended: false },
    ]);
  });
});

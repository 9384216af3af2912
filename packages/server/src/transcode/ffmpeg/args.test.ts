import { describe, expect, test } from 'vitest';
import type { Rung } from '../rung.ts';
import { ENCODERS, type FfmpegJob, transcodeArgs } from './args.ts';

const rung = (id: string, width: number, height: number, everyNth = 1): Rung => ({
  id,
  width,
  height,
  bitrateBps: 1_500_000,
  everyNth,
});
const JOB: FfmpegJob = {
  input: 'flv',
  rungs: [rung('720p', 1280, 720), rung('480p', 854, 480), rung('360p', 640, 360)],
  keyframes: { mode: 'source' },
  encoder: 'libx264',
  preset: 'veryfast',
  frameRate: 30,
  cores: 2,
};

function graph(changes: Partial<FfmpegJob>): readonly string[] {
  const args = transcodeArgs({ ...JOB, ...changes });
  return (args[args.indexOf('-filter_complex') + 1] ?? '').split(/;(?=\[)/);
}

function after(args: readonly string[], flag: string): readonly string[] {
  return args.flatMap((arg, index) => (arg === flag ? [args[index + 1] ?? ''] : []));
}

describe('transcodeArgs', () => {
  test('the whole command of one rung', () => {
    expect(transcodeArgs({ ...JOB, rungs: [rung('480p', 854, 480)] }).join(' ')).toBe(
      '-hide_banner -nostdin -v warning -progress pipe:3 -stats_period 0.5 ' +
        '-probesize 32 -analyzeduration 1 -fpsprobesize 0 -flags low_delay -threads 1 -copyts -protocol_whitelist pipe -f flv -i pipe:0 ' +
        '-filter_complex [0:v]scale=854:480:flags=bilinear[v0] -map [v0] -an -c:v libx264 ' +
        '-preset veryfast -tune zerolatency -profile:v high -sc_threshold 0 -x264-params fps=30000/1000 -threads 2 -pix_fmt yuv420p ' +
        '-bf 0 -g 99999 -force_key_frames source -fps_mode passthrough -enc_time_base 1:1000 ' +
        '-b:v 1500k -maxrate 1650k -bufsize 1500k -f flv -flvflags no_duration_filesize+no_metadata pipe:4',
    );
  });

  test('each size is scaled from the next larger one', () => {
    expect(graph({})).toEqual([
      '[0:v]scale=1280:720:flags=bilinear,split=2[s0][s1]',
      '[s0]null[v0]',
      '[s1]scale=854:480:flags=bilinear,split=2[s2][s3]',
      '[s2]null[v1]',
      '[s3]scale=640:360:flags=bilinear[v2]',
    ]);
  });

  test('rungs come out in their own order whatever their size, each on its descriptor', () => {
    const rungs = [rung('360p', 640, 360), rung('720p', 1280, 720)];
    expect(graph({ rungs })).toEqual([
      '[0:v]scale=1280:720:flags=bilinear,split=2[s0][s1]',
      '[s0]null[v1]',
      '[s1]scale=640:360:flags=bilinear[v0]',
    ]);
    const args = transcodeArgs({ ...JOB, rungs });
    expect(after(args, '-map')).toEqual(['[v0]', '[v1]']);
    expect(args.filter((arg) => arg.startsWith('pipe:'))).toEqual(['pipe:3', 'pipe:0', 'pipe:4', 'pipe:5']);
  });

  test('half-rate rungs share one selection, before anything is scaled', () => {
    const rungs = [rung('480p', 854, 480, 2), rung('360p', 640, 360, 2)];
    expect(graph({ rungs, frameRate: 60 })).toEqual([
      "[0:v]select='if(key,st(0,n);1,not(mod(n-ld(0),2)))',scale=854:480:flags=bilinear,split=2[s0][s1]",
      '[s0]null[v0]',
      '[s1]scale=640:360:flags=bilinear[v1]',
    ]);
    expect(after(transcodeArgs({ ...JOB, rungs, frameRate: 60 }), '-x264-params')).toEqual([
      'fps=30000/1000',
      'fps=30000/1000',
    ]);
  });

  test('each rate is chosen from the full one: every fourth picture is not made of every second or third', () => {
    const rungs = [rung('720p', 1280, 720, 2), rung('480p', 854, 480, 3), rung('360p', 640, 360, 4)];
    const selected = graph({ rungs, frameRate: 60 }).filter((chain) => chain.includes('select='));
    expect(selected.map((chain) => /ld\(0\),(\d)/.exec(chain)?.[1])).toEqual(['2', '3', '4']);
    expect(after(transcodeArgs({ ...JOB, rungs, frameRate: 60 }), '-x264-params')).toEqual([
      'fps=30000/1000',
      'fps=20000/1000',
      'fps=15000/1000',
    ]);
    const keyframes = { mode: 'forced', fromMs: 7000, everyMs: 2000 } as const;
    expect(graph({ rungs: rungs.slice(1, 2), keyframes })[0]).toContain('not(mod(n-ld(1),3))');
  });

  test('forced keyframes: decoded from before, encoded from there', () => {
    const args = transcodeArgs({
      ...JOB,
      rungs: [rung('360p', 640, 360)],
      keyframes: { mode: 'forced', fromMs: 7000, everyMs: 2000 },
      encodeFromMs: new Map([['360p', 7000]]),
    });
    expect(after(args, '-filter_complex')).toEqual([
      "[0:v]select='gte(t,6.9995)',scale=640:360:flags=bilinear[v0]",
    ]);
    expect(after(args, '-force_key_frames')).toEqual(['expr:gte(t,n_forced*2-0.0005)']);
  });

  test('a rung that goes on later than the others starts later', () => {
    const encodeFromMs = new Map([
      ['720p', 5000],
      ['480p', 5034],
      ['360p', 5000],
    ]);
    const chains = graph({ encodeFromMs });
    expect(chains[0]).toContain("select='gte(t,4.9995)'");
    expect(chains).toContain("[s2]select='gte(t,5.0335)'[v1]");
  });

  test('no encoder is asked for B-frames, and graphics cards get their pictures', () => {
    for (const encoder of ENCODERS) {
      const args = transcodeArgs({ ...JOB, encoder });
      expect(after(args, '-c:v')).toEqual([encoder, encoder, encoder]);
      expect(after(args, '-bf')).toEqual(['0', '0', '0']);
    }
    expect(graph({ encoder: 'h264_vaapi' })).toContain('[s0]format=nv12,hwupload[v0]');
    expect(transcodeArgs({ ...JOB, encoder: 'h264_vaapi' }).join(' ')).toContain(
      '-vaapi_device /dev/dri/renderD128',
    );
    expect(transcodeArgs({ ...JOB, encoder: 'h264_qsv' }).join(' ')).toContain('-init_hw_device qsv=hw');
  });
});

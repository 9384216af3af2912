import type { EncoderPreset } from '../cost-model.ts';
import type { Rung } from '../rung.ts';
import { type ScaleNode, scaleTree } from '../scale-tree.ts';

/** H.264 encoders that we know how to drive, in order of preference. */
export const ENCODERS = ['h264_nvenc', 'h264_qsv', 'h264_vaapi', 'libx264', 'libopenh264'] as const;

/** Name of an H.264 encoder of FFmpeg. */
export type EncoderName = (typeof ENCODERS)[number];

/** True for encoders of a graphics card. */
export function isHardwareEncoder(encoder: EncoderName): boolean {
  return encoder !== 'libx264' && encoder !== 'libopenh264';
}

/** Where keyframes go, on the child's own clock, which starts near 0. */
export type KeyframePlacement =
  | { readonly mode: 'source' }
  /** At the first picture from `fromMs` on, which must be the first to be encoded in every rung, and every `everyMs` after it. */
  | { readonly mode: 'forced'; readonly fromMs: number; readonly everyMs: number };

/** What one FFmpeg shall do. Every time is in milliseconds of the timestamps that it reads on stdin. */
export interface FfmpegJob {
  /** Container of stdin: FLV for H.264, Matroska for the others. */
  readonly input: 'flv' | 'matroska';
  readonly rungs: readonly Rung[];
  readonly keyframes: KeyframePlacement;
  /** First picture to encode, for rungs that go on where an earlier FFmpeg stopped; earlier ones are decoded only. */
  readonly encodeFromMs?: ReadonlyMap<string, number>;
  readonly encoder: EncoderName;
  readonly preset: EncoderPreset;
  /** Pictures a second of the source, for rate control. */
  readonly frameRate: number;
  /** Cores of the machine; decides how many slices are encoded at once. */
  readonly cores: number;
}

/** Descriptor on which FFmpeg writes its progress. */
export const PROGRESS_FD = 3;
/** Descriptor of the first rung; the others follow in the order of `FfmpegJob.rungs`. */
export const FIRST_OUTPUT_FD = 4;
/** VAAPI's device: the first render node. */
const VAAPI_DEVICE = '/dev/dri/renderD128';

const ENCODER_FLAGS: { readonly [encoder in Exclude<EncoderName, 'libx264'>]: readonly string[] } = {
  h264_nvenc: flags('-preset p4 -tune ull -zerolatency 1 -delay 0 -forced-idr 1 -rc cbr'),
  h264_qsv: flags('-preset veryfast -async_depth 1 -look_ahead 0 -forced_idr 1'),
  h264_vaapi: flags('-rc_mode VBR -async_depth 1 -profile:v high'),
  libopenh264: flags('-rc_mode bitrate -allow_skip_frames 0'),
};

/** The arguments of a transcoding FFmpeg. Nothing in them comes from a publisher but numbers. */
export function transcodeArgs(job: FfmpegJob): readonly string[] {
  return [
    // -nostdin: stdin is media, not keystrokes.
    ...flags(`-hide_banner -nostdin -v warning -progress pipe:${PROGRESS_FD} -stats_period 0.5`),
    ...deviceArgs(job.encoder),
    ...inputArgs(job),
    ...['-filter_complex', filterGraph(job)],
    ...job.rungs.flatMap((rung, index) => outputArgs(job, rung, index)),
  ];
}

/** The arguments of an FFmpeg that encodes one picture and so shows that an encoder works here. */
export function encoderProbeArgs(encoder: EncoderName): readonly string[] {
  const upload =
    encoder === 'h264_vaapi' ? ['-vf', 'format=nv12,hwupload'] : ['-pix_fmt', pixelFormat(encoder)];
  return [
    ...['-hide_banner', '-nostdin', '-v', 'error', ...deviceArgs(encoder)],
    // Encoders of graphics cards refuse pictures below about 145 pixels.
    ...['-f', 'lavfi', '-i', 'color=size=320x240:rate=25', '-frames:v', '1', ...upload],
    ...['-c:v', encoder, '-f', 'null', '-'],
  ];
}

function deviceArgs(encoder: EncoderName): readonly string[] {
  if (encoder === 'h264_vaapi') return ['-vaapi_device', VAAPI_DEVICE];
  if (encoder === 'h264_qsv') return ['-init_hw_device', 'qsv=hw', '-filter_hw_device', 'hw'];
  return [];
}

function inputArgs(job: FfmpegJob): readonly string[] {
  return [
    // The least that can be: the header says all there is to know, and each picture that is waited for costs its interval. The duration
    // is one microsecond, not 0, which means "the default", 5 s.
    ...flags('-probesize 32 -analyzeduration 1 -fpsprobesize 0'),
    // low_delay holds back only what is really reordered, with and without the source's saying so; threads of the decoder would each
    // hold a picture back.
    ...flags(`-flags low_delay -threads 1 -copyts -protocol_whitelist pipe -f ${job.input} -i pipe:0`),
  ];
}

/** Scales from each size to the next smaller one and ends in the label `[v0]` for the first rung, `[v1]` for the second, … */
function filterGraph(job: FfmpegJob): string {
  const chains: string[] = [];
  const earliest = earliestMs(job);
  let splits = 0;
  const visit = (node: ScaleNode, input: string, before: readonly string[], belowSource: boolean): void => {
    const steps = [...before];
    // First the choice of pictures: its phase then follows the source's keyframes, not the place where encoding starts.
    if (node.keepsNth > 1) steps.push(everyNthFilter(node.keepsNth, job.keyframes));
    if (belowSource && earliest !== undefined) steps.push(fromFilter(earliest));
    const { rung } = node;
    if (rung !== undefined) steps.push(`scale=${rung.width}:${rung.height}:flags=bilinear`);
    const count = node.children.length + (rung === undefined ? 0 : 1);
    const label = (): string => (count === 1 ? input : `[s${splits++}]`);
    const rungLabel = rung === undefined ? [] : [label()];
    const childLabels = node.children.map(label);
    let rest: readonly string[] = steps;
    if (count > 1) {
      chains.push(
        `${input}${[...steps, `split=${count}`].join(',')}${[...rungLabel, ...childLabels].join('')}`,
      );
      rest = [];
    }
    if (rung !== undefined) chains.push(leaf(job, rung, rungLabel[0] ?? input, rest));
    node.children.forEach((child, index) =>
      visit(child, childLabels[index] ?? input, rest, rung === undefined),
    );
  };
  visit(scaleTree(job.rungs), '[0:v]', [], false);
  return chains.join(';');
}

function leaf(job: FfmpegJob, rung: Rung, input: string, before: readonly string[]): string {
  const steps = [...before, ...leafSteps(job, rung)];
  return `${input}${steps.length === 0 ? 'null' : steps.join(',')}[v${job.rungs.indexOf(rung)}]`;
}

/** Steps that concern one rung only: its own later start, and the way into the card. */
function leafSteps(job: FfmpegJob, rung: Rung): string[] {
  const steps: string[] = [];
  const from = job.encodeFromMs?.get(rung.id);
  const earliest = earliestMs(job);
  if (from !== undefined && earliest !== undefined && from > earliest) steps.push(fromFilter(from));
  if (job.encoder === 'h264_vaapi') steps.push('format=nv12', 'hwupload');
  return steps;
}

/** The first picture that any rung needs; undefined when they need all from the start. */
function earliestMs(job: FfmpegJob): number | undefined {
  if (job.encodeFromMs === undefined) return undefined;
  const starts = job.rungs.map((rung) => job.encodeFromMs?.get(rung.id));
  return starts.some((start) => start === undefined)
    ? undefined
    : Math.min(...starts.map((start) => start ?? 0));
}

function fromFilter(fromMs: number): string {
  return `select='gte(t,${seconds(fromMs)})'`;
}

/**
 * Every n-th picture, counted from the last keyframe, and each keyframe: so a later FFmpeg that starts at any keyframe chooses
 * the same ones, and rungs of both rates have theirs on the same pictures. Variables: 0 keyframes forced so far (or the number of the
 * last one), 1 number of the last forced one, 2 time of the first forced one.
 */
function everyNthFilter(nth: number, keyframes: KeyframePlacement): string {
  if (keyframes.mode === 'source') return `select='if(key,st(0,n);1,not(mod(n-ld(0),${nth})))'`;
  const due = `if(ld(0),ld(2)-0.0005+ld(0)*${keyframes.everyMs / 1000},${seconds(keyframes.fromMs)})`;
  return `select='if(gte(t,${due}),if(ld(0),0,st(2,t));st(0,ld(0)+1);st(1,n);1,not(mod(n-ld(1),${nth})))'`;
}

function outputArgs(job: FfmpegJob, rung: Rung, index: number): readonly string[] {
  const fps = job.frameRate / rung.everyNth;
  const kbps = (factor: number): string => `${Math.round((rung.bitrateBps * factor) / 1000)}k`;
  return [
    ...['-map', `[v${index}]`, '-an', '-c:v', job.encoder, ...encoderArgs(job, rung, fps)],
    ...['-bf', '0', '-g', '99999', '-force_key_frames', forceKeyframes(job.keyframes)],
    // The rung's clock is the source's: no rounding to a frame rate, no picture doubled or dropped.
    ...['-fps_mode', 'passthrough', '-enc_time_base', '1:1000'],
    ...['-b:v', kbps(1), '-maxrate', kbps(1.1), '-bufsize', kbps(1)],
    ...['-f', 'flv', '-flvflags', 'no_duration_filesize+no_metadata', `pipe:${FIRST_OUTPUT_FD + index}`],
  ];
}

function forceKeyframes(keyframes: KeyframePlacement): string {
  if (keyframes.mode === 'source') return 'source';
  // Here `t` counts from the first picture that this encoder got, whatever -copyts says (FFmpeg 5.1 … 7).
  return `expr:gte(t,n_forced*${keyframes.everyMs / 1000}-0.0005)`;
}

/** What makes each encoder give a picture as soon as it gets one. Only the software encoders were tried on a real machine. */
function encoderArgs(job: FfmpegJob, rung: Rung, fps: number): readonly string[] {
  const format = ['-pix_fmt', pixelFormat(job.encoder)];
  if (job.encoder === 'libx264') {
    const preset = job.preset === 'hardware' ? 'veryfast' : job.preset;
    const threads = sliceThreads(rung, job.cores);
    // zerolatency makes x264 count frames, not timestamps, when it shares out bits: it must know their real rate.
    const rate = `-x264-params fps=${Math.round(fps * 1000)}/1000 -threads ${threads}`;
    return [
      ...flags(`-preset ${preset} -tune zerolatency -profile:v high -sc_threshold 0 ${rate}`),
      ...format,
    ];
  }
  return [...ENCODER_FLAGS[job.encoder], ...(job.encoder === 'h264_vaapi' ? [] : format)];
}

function pixelFormat(encoder: EncoderName): string {
  return encoder === 'h264_qsv' || encoder === 'h264_vaapi' ? 'nv12' : 'yuv420p';
}

/** FFmpeg 5 encodes the rungs one after another, so a large picture is cut into slices to be ready in time. */
function sliceThreads(rung: Rung, cores: number): number {
  const short = Math.min(rung.width, rung.height);
  return Math.max(1, Math.min(cores, short >= 700 ? 4 : short >= 400 ? 2 : 1));
}

/** Half a millisecond early, so that a timestamp that is due is not missed by a rounding of its float. */
function seconds(ms: number): string {
  return ((ms - 0.5) / 1000).toFixed(4);
}

/** A fixed command line as arguments. */
function flags(line: string): readonly string[] {
  return line.split(' ');
}

import { spawn } from 'node:child_process';
import { OPUS_CODEC_STRING, writeOpusHead } from '@tallylight/media/codecs/opus/opus-head.ts';
import { parseAudioTag, writeAudioTag } from '@tallylight/media/flv/audio-tag.ts';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import { writeFlvHeader, writeFlvTag } from '@tallylight/media/flv/flv-writer.ts';
import { LiveMatroskaWriter } from '@tallylight/media/matroska/live-matroska-writer.ts';
import { MILLISECONDS, ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../../../stream/access-unit.ts';
import type { AudioTrack } from '../../../stream/track.ts';

/** A sound source for tests: coded frames whose stamps are exact. */
export interface SoundClip {
  readonly track: AudioTrack;
  readonly units: readonly AccessUnit[];
}

const RATE = 48_000;
/** Length of a click: a windowed tone, so that its middle is its centre of energy. */
const CLICK_MS = 8;

/** PCM, 16 bits stereo, with a click centred at each of these times. */
function clickPcm(seconds: number, clicksMs: readonly number[], rate: number): Uint8Array {
  const pcm = new Int16Array(Math.round(seconds * rate) * 2);
  const half = (CLICK_MS / 2 / 1000) * rate;
  for (const clickMs of clicksMs) {
    const centre = (clickMs / 1000) * rate;
    for (let at = Math.ceil(centre - half); at < centre + half; at++) {
      const window = 0.5 + 0.5 * Math.cos((Math.PI * (at - centre)) / half);
      const value = 20_000 * window * Math.cos((2 * Math.PI * 1500 * (at - centre)) / rate);
      pcm[at * 2] = pcm[at * 2 + 1] = Math.round(value);
    }
  }
  return new Uint8Array(pcm.buffer);
}

/** Clicks as Opus, 20 ms a packet, stamped as WebRTC senders do: with the time of the packet's input. */
export async function opusClicks(options: {
  readonly seconds: number;
  readonly clicksMs: readonly number[];
  readonly startMs: number;
}): Promise<SoundClip> {
  const packetBytes = 240;
  const encoder = [
    '-map',
    '0',
    '-c:a',
    'libopus',
    '-b:a',
    '96k',
    '-vbr',
    'off',
    '-frame_duration',
    '20',
    '-f',
    'data',
    '-',
  ];
  const pcm = clickPcm(options.seconds, options.clicksMs, RATE);
  const coded = await ffmpeg(['-f', 's16le', '-ar', `${RATE}`, '-ac', '2', '-i', '-', ...encoder], pcm);
  const units: AccessUnit[] = [];
  for (let at = 0; at + packetBytes <= coded.length; at += packetBytes)
    units.push(unit(options.startMs + (at / packetBytes) * 20, coded.subarray(at, at + packetBytes)));
  const track: AudioTrack = {
    kind: 'audio',
    codec: 'opus',
    codecString: OPUS_CODEC_STRING,
    timescale: MILLISECONDS,
    sampleRate: RATE,
    channels: 2,
    samplesPerFrame: 960,
    // FFmpeg's libopus looks ahead 6.5 ms.
    config: writeOpusHead({ ...OPUS_HEAD, preSkip: 312 }),
  };
  return { track, units };
}

/** Clicks as AAC, stamped with the time at which each frame is to be heard, in whole milliseconds as RTMP has them. */
export async function aacClicks(options: {
  readonly seconds: number;
  readonly clicksMs: readonly number[];
  readonly startMs: number;
  readonly rate: number;
}): Promise<SoundClip> {
  const { rate } = options;
  const pcm = clickPcm(options.seconds, options.clicksMs, rate);
  const encoder = ['-c:a', 'aac', '-b:a', '128k', '-f', 'flv', '-'];
  const coded = await ffmpeg(['-f', 's16le', '-ar', `${rate}`, '-ac', '2', '-i', '-', ...encoder], pcm);
  let config = new Uint8Array(0);
  const units: AccessUnit[] = [];
  const reader = new FlvReader(({ type, body }) => {
    if (type !== 'audio') return;
    const tag = parseAudioTag(body);
    if (tag.kind === 'config') config = tag.config.slice();
    // The first frame is the encoder's priming.
    if (tag.kind === 'frames')
      units.push(unit(options.startMs + ((units.length - 1) * 1024_000) / rate, tag.payload.slice()));
  });
  reader.push(coded);
  const track: AudioTrack = {
    kind: 'audio',
    codec: 'aac',
    codecString: 'mp4a.40.2',
    timescale: MILLISECONDS,
    sampleRate: rate,
    channels: 2,
    samplesPerFrame: 1024,
    config,
  };
  return { track, units: units.slice(1) };
}

/** Times of the clicks in coded sound, on the clock of its stamps: what a player would hear that plays without compensation. */
export async function findClicks(
  track: AudioTrack,
  units: readonly AccessUnit[],
): Promise<readonly number[]> {
  const coded = track.codec === 'aac' ? aacFile(track, units) : opusFile(units);
  const format = track.codec === 'aac' ? ['-f', 'flv'] : ['-c:a', 'libopus', '-f', 'matroska'];
  const bytes = await ffmpeg([...format, '-i', '-', '-f', 's16le', '-ac', '1', '-ar', `${RATE}`, '-'], coded);
  const pcm = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
  const found: number[] = [];
  for (let at = 0; at < pcm.length; at++) {
    if (Math.abs(pcm[at] ?? 0) < 5000) continue;
    const from = Math.max(0, at - 480);
    let energy = 0;
    let moment = 0;
    for (let i = from; i < at + 960 && i < pcm.length; i++) {
      const square = (pcm[i] ?? 0) ** 2;
      energy += square;
      moment += square * i;
    }
    found.push(heardAtMs(moment / energy, track, units));
    at += 2400;
  }
  return found;
}

/** Time of a decoded sample: its frame's stamp, and its place in the frame. */
function heardAtMs(sample: number, track: AudioTrack, units: readonly AccessUnit[]): number {
  const frame = (track.samplesPerFrame * RATE) / track.sampleRate;
  const index = Math.floor(sample / frame);
  return (units[index]?.pts ?? Number.NaN) + ((sample - index * frame) * 1000) / RATE;
}

function aacFile(track: AudioTrack, units: readonly AccessUnit[]): Uint8Array {
  const common = { codec: 'mp4a', enhanced: false, trackId: 0, otherTrackIds: [] } as const;
  const frameMs = (track.samplesPerFrame * 1000) / track.sampleRate;
  return Buffer.concat([
    writeFlvHeader({ video: false, audio: true }),
    ...writeFlvTag({
      type: 'audio',
      timestampMs: 0,
      body: writeAudioTag({ kind: 'config', ...common, config: track.config }),
    }),
    ...units.flatMap(({ payload }, index) =>
      writeFlvTag({
        type: 'audio',
        timestampMs: Math.round(index * frameMs),
        body: writeAudioTag({ kind: 'frames', ...common, nanosecondOffset: 0, payload }),
      }),
    ),
  ]);
}

function opusFile(units: readonly AccessUnit[]): Uint8Array {
  const writer = new LiveMatroskaWriter({
    tracks: [
      {
        kind: 'audio',
        codecId: 'A_OPUS',
        codecPrivate: writeOpusHead(OPUS_HEAD),
        sampleRate: RATE,
        channels: 2,
      },
    ],
  });
  return Buffer.concat([
    writer.header(),
    ...units.flatMap(({ payload }, index) =>
      writer.block({ track: 1, timestamp: index * 20, keyframe: true, payload }),
    ),
  ]);
}

const OPUS_HEAD = {
  channels: 2,
  preSkip: 0,
  inputSampleRate: RATE,
  outputGain: 0,
  mappingFamily: 0,
  mappingTable: new Uint8Array(0),
};

function unit(ptsMs: number, payload: Uint8Array): AccessUnit {
  const pts = ticks(Math.round(ptsMs));
  return { kind: 'audio', pts, dts: pts, keyframe: true, payload };
}

function ffmpeg(args: readonly string[], input: Uint8Array): Promise<Buffer> {
  const child = spawn('ffmpeg', ['-v', 'error', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => output.push(bytes));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(output));
      else reject(new Error(`FFmpeg ended with ${code}`));
    });
  });
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LiveMatroskaWriter } from '../../matroska/live-matroska-writer.ts';
import { joinOpusPackets } from './join-packets.ts';
import { writeOpusHead } from './opus-head.ts';
import { opusPacketSamples } from './packet-duration.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'opus-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two seconds of a tone that comes and goes, in packets of 20 ms. */
function encode(flags: readonly string[]): readonly Uint8Array[] {
  const path = join(folder, 'sound.mp4');
  const source = 'aevalsrc=sin(440*2*PI*t)*gt(mod(t\\,0.5)\\,0.25)|sin(660*2*PI*t)*t/2:s=48000:d=2';
  execFileSync('ffmpeg', [
    ...['-v', 'error', '-y', '-f', 'lavfi', '-i', source],
    ...['-c:a', 'libopus', '-frame_duration', '20', ...flags, path],
  ]);
  const file = readFileSync(path);
  const probe = ['-v', 'error', '-of', 'csv=p=0', '-show_entries', 'packet=pos,size', path];
  const lines = execFileSync('ffprobe', probe).toString().trim().split('\n');
  return lines.map((line) => {
    const [size = 0, at = 0] = line.split(',').map(Number);
    return new Uint8Array(file.subarray(at, at + size));
  });
}

/** What FFmpeg hears of these packets. */
function decode(packets: readonly Uint8Array[]): Buffer {
  const head = writeOpusHead({
    channels: 2,
    preSkip: 0,
    inputSampleRate: 48_000,
    outputGain: 0,
    mappingFamily: 0,
    mappingTable: new Uint8Array(),
  });
  const writer = new LiveMatroskaWriter({
    tracks: [{ kind: 'audio', codecId: 'A_OPUS', codecPrivate: head, sampleRate: 48_000, channels: 2 }],
  });
  const pieces = [writer.header()];
  let timestamp = 0;
  for (const payload of packets) {
    pieces.push(...writer.block({ track: 1, timestamp, keyframe: true, payload }));
    timestamp += (opusPacketSamples(payload) ?? 0) / 48;
  }
  const path = join(folder, 'sound.mkv');
  writeFileSync(path, Buffer.concat(pieces));
  return execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-f', 's16le', 'pipe:1'], {
    maxBuffer: 16 * 1024 * 1024,
  });
}

test.each([
  ['of one size, code 1', ['-vbr', 'off', '-b:a', '64k'], 1],
  ['of several sizes, code 2', ['-vbr', 'on', '-b:a', '96k'], 2],
  ['above 251 bytes, code 2', ['-vbr', 'on', '-b:a', '256k'], 2],
  ['of speech', ['-application', 'voip', '-vbr', 'on', '-b:a', '24k'], 2],
])('packets joined in pairs sound as they did: %s', (_what, flags, code) => {
  const packets = encode(flags);
  expect(packets.length).toBeGreaterThan(99);
  const pairs: Uint8Array[] = [];
  for (let i = 0; i + 1 < packets.length; i += 2) {
    const [first = new Uint8Array(), second = new Uint8Array()] = packets.slice(i);
    const pair = joinOpusPackets(first, second);
    if (pair === undefined) pairs.push(first, second);
    else pairs.push(pair);
  }
  expect(pairs.filter(([toc = 0]) => (toc & 3) === code).length).toBeGreaterThan(20);
  expect(decode(pairs).equals(decode(packets.slice(0, packets.length & ~1)))).toBe(true);
});

test.each([
  ['nothing', [], [0xfc]],
  ['another mode', [0xfc, 1], [0x7c, 1]],
  ['mono and stereo', [0xf8, 1], [0xfc, 1]],
  ['two frames', [0xfd, 1, 2], [0xfd, 1, 2]],
])('does not join %s', (_what, first, second) => {
  expect(joinOpusPackets(Uint8Array.from(first), Uint8Array.from(second))).toBeUndefined();
});

test('joins 60 ms twice, and no more than 120 ms', () => {
  const sixty = Uint8Array.of(3 << 3, 1);
  expect(opusPacketSamples(joinOpusPackets(sixty, sixty) ?? new Uint8Array())).toBe(5760);
});

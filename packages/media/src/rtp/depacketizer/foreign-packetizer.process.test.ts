import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { H264_NAL, h264NalType } from '../../codecs/h264/nal-type.ts';
import { splitAnnexB } from '../../codecs/nal/annex-b.ts';
import { splitNalUnits } from '../../codecs/nal/length-prefixed.ts';
import { readRtcp } from '../rtcp/read-rtcp.ts';
import { isRtcp, type RtpPacket, readRtpPacket } from '../rtp-packet.ts';
import { H264Depacketizer } from './h264.ts';
import { OpusDepacketizer } from './opus.ts';
import { Vp8Depacketizer } from './vp8.ts';

const ffmpegFound = spawnSync('ffmpeg', ['-version']).status === 0;
if (!ffmpegFound) console.log('foreign packetizer: FFmpeg is not installed, its RTP is not read');

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tallylight-rtp-'));
});

afterAll(() => rm(directory, { recursive: true, force: true }));

interface Sent {
  readonly packets: readonly RtpPacket[];
  readonly reports: number;
  /** The same stream as a file. */
  readonly file: Uint8Array;
}

/** Lets FFmpeg send one encoded stream as RTP and write it to a file. */
async function send(source: string, codec: readonly string[], format: string): Promise<Sent> {
  const socket = createSocket('udp4');
  const packets: RtpPacket[] = [];
  let reports = 0;
  socket.on('message', (bytes) => {
    if (isRtcp(bytes)) reports += readRtcp(bytes).filter(({ type }) => type === 'sender-report').length;
    else packets.push(readRtpPacket(bytes));
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.setRecvBufferSize(4 * 1024 * 1024);
  try {
    const { port } = socket.address();
    const path = join(directory, `stream.${format}`);
    const targets = `[f=rtp]rtp://127.0.0.1:${port}?rtcpport=${port}&pkt_size=1200|[f=${format}]${path}`;
    const input = ['-hide_banner', '-v', 'error', '-re', '-f', 'lavfi', '-i', source, '-t', '2', '-map', '0'];
    const ffmpeg = spawn('ffmpeg', [...input, ...codec, '-f', 'tee', '-y', targets], { stdio: 'ignore' });
    const [code] = (await once(ffmpeg, 'exit')) as [number | null];
    expect(code).toBe(0);
    // What the kernel still holds comes a few datagrams at each turn of the event loop.
    for (let quiet = 0, seen = 0; quiet < 20; seen = packets.length) {
      await new Promise((resolve) => setImmediate(resolve));
      quiet = packets.length === seen ? quiet + 1 : 0;
    }
    return { packets, reports, file: await readFile(path) };
  } finally {
    socket.close();
  }
}

const PICTURE = 'testsrc2=size=640x360:rate=30';

describe.runIf(ffmpegFound)('RTP as FFmpeg sends it', () => {
  test('H.264: the NAL units of the file, picture by picture', async () => {
    const codec = [
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-b:v',
      '2M',
      '-g',
      '30',
      '-bf',
      '2',
      '-slices',
      '2',
    ];
    const { packets, file, reports } = await send(PICTURE, [...codec, '-pix_fmt', 'yuv420p'], 'h264');
    expect(reports).toBeGreaterThan(0);
    const depacketizer = new H264Depacketizer();
    const nals: Uint8Array[] = [];
    let frames = 0;
    let keyframes = 0;
    let withB = 0;
    for (const packet of packets) {
      depacketizer.push(packet);
      for (let frame = depacketizer.take(); frame; frame = depacketizer.take()) {
        nals.push(...splitNalUnits(frame.payload));
        frames++;
        if (frame.keyframe) keyframes++;
        if (frame.hasBSlice) withB++;
      }
    }
    const sets: readonly number[] = [H264_NAL.sps, H264_NAL.pps, H264_NAL.accessUnitDelimiter];
    expect(digests(nals)).toEqual(
      digests(splitAnnexB(file).filter((nal) => !sets.includes(h264NalType(nal)))),
    );
    expect([frames, keyframes]).toEqual([60, 2]);
    expect(withB).toBeGreaterThan(10);
  });

  test('VP8: the frames of the file', async () => {
    const codec = ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '2M', '-g', '30'];
    const { packets, file } = await send(PICTURE, codec, 'ivf');
    const depacketizer = new Vp8Depacketizer();
    const frames: Uint8Array[] = [];
    for (const packet of packets) {
      depacketizer.push(packet);
      for (let frame = depacketizer.take(); frame; frame = depacketizer.take()) {
        frames.push(frame.payload);
        if (frame.keyframe) expect(frame).toMatchObject({ width: 640, height: 360 });
      }
    }
    expect(digests(frames)).toEqual(digests(ivfFrames(file)));
    expect(frames).toHaveLength(60);
  });

  test('Opus: 20 ms after 20 ms', async () => {
    const { packets } = await send('sine=frequency=440:sample_rate=48000', ['-c:a', 'libopus'], 'ogg');
    const depacketizer = new OpusDepacketizer();
    const times = packets.map((packet) => {
      depacketizer.push(packet);
      const frame = depacketizer.take();
      expect(frame?.samples).toBe(960);
      return frame?.rtpTime ?? 0;
    });
    expect(times.length).toBeGreaterThanOrEqual(100);
    expect(times).toEqual(times.map((_, index) => (times[0] ?? 0) + index * 960));
  });
});

function digests(pieces: readonly Uint8Array[]): string[] {
  return pieces.map((piece) => createHash('sha1').update(piece).digest('hex'));
}

/** IVF: a header of 32 bytes, then 12 bytes with the size in front of each frame. */
function ivfFrames(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 32; at < file.length; ) {
    const size = view.getUint32(at, true);
    frames.push(file.subarray(at + 12, at + 12 + size));
    at += 12 + size;
  }
  return frames;
}

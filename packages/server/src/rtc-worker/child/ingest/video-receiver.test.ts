import { noExtensions } from '@tallylight/media/rtp/header-extensions.ts';
import { msToNtp } from '@tallylight/media/rtp/ntp-time.ts';
import { packetizeH264 } from '@tallylight/media/rtp/packetizer/h264.ts';
import type { RtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { SenderReportClock } from '@tallylight/media/rtp/sender-report-clock.ts';
import type { IngestTrack } from '@tallylight/media/sdp/answer-ingest.ts';
import { describe, expect, test } from 'vitest';
import { type ReceivedPicture, VideoReceiver } from './video-receiver.ts';

/** x264's, 320 × 180, and a PPS. */
const SPS = '6742c00dd901419f9f0110000003001000000303c0f1429920';
const PPS = '68ce3c80';
/** The same of 160 × 90. */
const SMALL_SPS = '6742c00bd9028df930110000030001000003003c0f142a48';
/** Slice headers that say first_mb_in_slice 0 and the type: I of an IDR, P, B (H.264 table 7-6). */
const SLICE = { I: '6588', P: '41e0', B: '01a8' } as const;

const H264: IngestTrack = {
  codec: 'h264',
  payloadType: 102,
  clockRate: 90_000,
  rtxPayloadType: 103,
  extensionIds: { rid: 10, repairedRid: 11 },
  rids: [],
  feedback: ['nack', 'nack pli', 'ccm fir'],
  parameterSets: [],
};

/** Makes RTP of pictures, as a publisher would. */
class Sender {
  readonly ssrc: number;
  readonly #rid: string | undefined;
  readonly #sps: string;
  #sequence = 65_500;

  constructor(ssrc: number, rid?: string, sps = SPS) {
    this.ssrc = ssrc;
    this.#rid = rid;
    this.#sps = sps;
  }

  /** The packets of a picture, of so many bytes. */
  picture(type: 'I' | 'P' | 'B', ptsMs: number, size = 3000): RtpPacket[] {
    const slice = Buffer.concat([Buffer.from(SLICE[type], 'hex'), Buffer.alloc(size, 0x55)]);
    const nals = type === 'I' ? [Buffer.from(this.#sps, 'hex'), Buffer.from(PPS, 'hex'), slice] : [slice];
    const sample = Buffer.concat(
      nals.map((nal) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(nal.length);
        return Buffer.concat([length, nal]);
      }),
    );
    const payloads = packetizeH264(sample, 1200);
    const extensions =
      this.#rid === undefined ? noExtensions() : new Map([[10, new Uint8Array(Buffer.from(this.#rid))]]);
    return payloads.map((payload, index) => ({
      payloadType: 102,
      marker: index === payloads.length - 1,
      sequence: this.#sequence++ & 0xffff,
      timestamp: (ptsMs * 90) >>> 0,
      ssrc: this.ssrc,
      extensions,
      payload,
    }));
  }
}

/** A receiver and what it gave out. */
function receiving(terms: Partial<IngestTrack> = {}) {
  const pictures: ReceivedPicture[] = [];
  const clock = new SenderReportClock();
  const receiver = new VideoReceiver({ ...H264, ...terms }, clock, (picture) => pictures.push(picture));
  const push = (packets: readonly RtpPacket[], nowMs: number): void => {
    for (const packet of packets) receiver.push(packet, nowMs);
  };
  return { receiver, pictures, push, clock };
}

/** The retransmission of a packet (RFC 4588 §4). */
function resent(packet: RtpPacket, sequence: number): RtpPacket {
  const payload = new Uint8Array(packet.payload.length + 2);
  new DataView(payload.buffer).setUint16(0, packet.sequence);
  payload.set(packet.payload, 2);
  return { ...packet, payloadType: 103, ssrc: packet.ssrc + 1000, sequence, payload };
}

/** One layer of a publisher that makes a keyframe only when it is asked. */
interface Layer {
  readonly sender: Sender;
  /** Whether it sends at this time. Default always. */
  readonly sends?: (ms: number) => boolean;
  /** Whether it has a keyframe to give when it is asked. Default true. */
  readonly answers?: boolean;
  /** Whether the first packet of this time's picture is lost. */
  readonly loses?: (ms: number) => boolean;
}

/** A picture of each layer every 40 ms up to `untilMs`, and what was asked of which SSRC when. */
function simulcast(untilMs: number, layers: readonly Layer[]) {
  const received = receiving({ rids: ['q', 'f'], feedback: ['nack pli', 'ccm fir'] });
  const asked: { readonly ms: number; readonly ssrc: number; readonly type: string }[] = [];
  const due = new Set(layers.map(({ sender }) => sender.ssrc));
  for (let ms = 0; ms < untilMs; ms += 40) {
    for (const { sender, sends, answers, loses } of layers) {
      if (sends?.(ms) === false) continue;
      const isKeyframe = due.delete(sender.ssrc) && (ms === 0 || answers !== false);
      const packets = sender.picture(isKeyframe ? 'I' : 'P', ms, 2000);
      received.push(loses?.(ms) === true ? packets.slice(1) : packets, ms);
    }
    received.receiver.tick(ms);
    for (const feedback of received.receiver.feedback(ms, undefined)) {
      if (feedback.type === 'nack') continue;
      asked.push({ ms, ssrc: feedback.ssrc, type: feedback.type });
      due.add(feedback.ssrc);
    }
  }
  return { ...received, asked };
}

describe('a publisher without simulcast', () => {
  test('gives pictures from the first keyframe on', () => {
    const { receiver, pictures, push } = receiving();
    const sender = new Sender(1);
    push(sender.picture('P', 0), 0);
    expect(receiver.hasStarted).toBe(false);
    push(sender.picture('I', 40), 40);
    push(sender.picture('P', 80), 80);
    expect(pictures.map(({ keyframe }) => keyframe)).toEqual([true, false]);
    expect(pictures[0]?.track).toMatchObject({ codec: 'h264', width: 320, height: 180 });
    expect(pictures[1]?.track).toBe(pictures[0]?.track);
    expect(receiver.hasBFrames).toBe(false);
  });

  test('that reorders pictures is found out, and its decode times never fall', () => {
    const { receiver, pictures, push } = receiving();
    const sender = new Sender(1);
    push(sender.picture('I', 0), 0);
    for (let group = 0; group < 10; group++) {
      const base = group * 120;
      push(sender.picture('P', base + 120), base + 40);
      push(sender.picture('B', base + 40), base + 80);
      push(sender.picture('B', base + 80), base + 120);
    }
    expect(receiver.hasBFrames).toBe(true);
    expect(pictures).toHaveLength(31);
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const { ptsMs, dtsMs } of pictures) {
      expect(dtsMs).toBeLessThanOrEqual(ptsMs);
      expect(dtsMs).toBeGreaterThanOrEqual(lastMs);
      lastMs = dtsMs;
    }
    const last = pictures.slice(-3).map(({ ptsMs }) => ptsMs - (pictures.at(-3)?.ptsMs ?? 0));
    expect(last).toEqual([0, -80, -40]);
  });

  test('is asked for a lost packet, and its picture comes when that was sent again', () => {
    const { receiver, pictures, push } = receiving();
    const sender = new Sender(7);
    push(sender.picture('I', 0), 0);
    const [first, second, ...rest] = sender.picture('P', 40);
    expect(first).toBeDefined();
    expect(second).toBeDefined();
    if (first === undefined || second === undefined) return;
    push([first, ...rest], 40);
    expect(receiver.isWaiting).toBe(true);
    expect(receiver.feedback(50, 20)).toEqual([{ type: 'nack', ssrc: 7, sequences: [second.sequence] }]);
    push([resent(second, 1)], 70);
    expect(receiver.isWaiting).toBe(false);
    push(sender.picture('P', 80), 80);
    expect(pictures.map(({ keyframe }) => keyframe)).toEqual([true, false, false]);
    expect(receiver.takeCounts()).toEqual({ frames: 3, droppedFrames: 0 });
  });

  test('that cannot send it again is asked for a keyframe, and what is missing is counted', () => {
    const { receiver, pictures, push } = receiving({ feedback: ['nack pli', 'ccm fir'] });
    const sender = new Sender(7);
    push(sender.picture('I', 0), 0);
    for (let ms = 40; ms <= 400; ms += 40) push(sender.picture('P', ms), ms);
    receiver.takeCounts();
    push(sender.picture('P', 440).slice(1), 440);
    for (let ms = 480; ms <= 600; ms += 40) {
      push(sender.picture('P', ms), ms);
      receiver.tick(ms);
    }
    expect(receiver.feedback(600, undefined)).toEqual([{ type: 'pli', ssrc: 7 }]);
    expect(receiver.feedback(620, undefined)).toEqual([]);
    push(sender.picture('I', 640), 640);
    expect(pictures.at(-1)?.keyframe).toBe(true);
    expect(receiver.takeCounts()).toEqual({ frames: 1, droppedFrames: 5 });
    expect(receiver.feedback(660, undefined)).toEqual([]);
  });
});

describe('a publisher with simulcast', () => {
  test('is heard by rid; packets of layers that nobody offered are left out', () => {
    const { receiver, pictures, push } = receiving({ rids: ['q', 'f'] });
    const [small, large, foreign] = [new Sender(1, 'q'), new Sender(2, 'f'), new Sender(3, 'x')];
    push(foreign.picture('I', 0), 0);
    push(small.picture('I', 0), 0);
    expect(pictures).toEqual([]);
    push(large.picture('I', 0), 10);
    push(large.picture('P', 40), 50);
    push(small.picture('P', 40), 50);
    // Both are of one size here: the one that completed the set is as good as the other.
    expect(receiver.rid).toBe('f');
    expect(pictures.map(({ keyframe }) => keyframe)).toEqual([true, false]);
    expect(receiver.layers.map(({ ssrc }) => ssrc)).toEqual([1, 2]);
  });

  test.each([1, 3])(
    'whose layers are %i ms apart by their reports keeps decode and presentation together',
    (offMs) => {
      const { receiver, pictures, push, clock } = receiving({ rids: ['q', 'f'] });
      const small = new Sender(1, 'q', SMALL_SPS);
      const large = new Sender(2, 'f');
      const report = (ssrc: number, ms: number, off: number): void => {
        const ntp = msToNtp(3_900_000_000_000 + ms + off);
        const rtpTimestamp = ms * 90;
        const counts = { packetCount: 1, octetCount: 1 };
        clock.report({ type: 'sender-report', ssrc, ntp, rtpTimestamp, ...counts, reports: [] }, ms);
      };
      // The large layer goes after 2 s and is back after 4 s; of each instant the small one comes first.
      for (let ms = 0; ms < 6000; ms += 40) {
        const type = ms % 1000 === 0 ? 'I' : 'P';
        if (ms % 1000 === 0) report(1, ms, 0);
        push(small.picture(type, ms, 200), ms);
        if (ms >= 2000 && ms < 4000) continue;
        if (ms % 1000 === 0) report(2, ms, -offMs);
        push(large.picture(type, ms, 200), ms + 2);
      }
      const rids = new Set(pictures.map(({ track }) => track.width));
      expect(rids, 'both layers were taken').toEqual(new Set([320, 160]));
      expect(receiver.rid).toBe('f');
      expect(pictures.filter(({ ptsMs, dtsMs }) => ptsMs !== dtsMs)).toEqual([]);
      const steps = pictures.slice(1).map(({ ptsMs }, index) => ptsMs - (pictures[index]?.ptsMs ?? 0));
      expect(Math.min(...steps)).toBeGreaterThan(0);
      expect(receiver.hasBFrames).toBe(false);
    },
  );

  test('is asked for the first keyframe of a larger layer that was lost, and that layer is taken then', () => {
    const { receiver, pictures, asked } = simulcast(3000, [
      { sender: new Sender(1, 'q', SMALL_SPS) },
      { sender: new Sender(2, 'f'), loses: (ms) => ms === 0 },
    ]);
    expect(asked.map(({ ssrc }) => ssrc)).toContain(2);
    expect(receiver.rid).toBe('f');
    expect(pictures.at(-1)?.track.width).toBe(320);
  });

  // The large layer goes at 1 s and is back at 4 s, but has no keyframe to give any more.
  const returning = () => ({ sends: (ms: number) => ms < 1000 || ms >= 4000, answers: false });

  test('is asked for a keyframe of the layer that is taken, and broken, while a larger one brings none', () => {
    const small = { sender: new Sender(1, 'q', SMALL_SPS), loses: (ms: number) => ms === 5000 };
    const { receiver, pictures, asked } = simulcast(8000, [
      small,
      { sender: new Sender(2, 'f'), ...returning() },
    ]);
    expect(receiver.rid).toBe('q');
    expect(asked.filter(({ ms, ssrc }) => ms >= 4000 && ssrc === 2)).not.toEqual([]);
    const [first] = asked.filter(({ ms, ssrc }) => ms >= 5000 && ssrc === 1);
    expect(first?.ms).toBeLessThan(5300);
    const steps = pictures.slice(1).map(({ ptsMs }, index) => ptsMs - (pictures[index]?.ptsMs ?? 0));
    // But where the large layer went.
    expect(steps.filter((step) => step > 500)).toHaveLength(1);
  });

  test('is asked at each 2 s boundary of the layer that is taken while a larger one brings no keyframe', () => {
    const { receiver, pictures } = simulcast(12_000, [
      { sender: new Sender(1, 'q', SMALL_SPS) },
      { sender: new Sender(2, 'f'), ...returning() },
    ]);
    expect(receiver.rid).toBe('q');
    const keyframes = pictures.filter(({ keyframe }) => keyframe).map(({ ptsMs }) => ptsMs);
    const ends = [...keyframes.slice(1), pictures.at(-1)?.ptsMs ?? 0];
    const steps = ends.map((ptsMs, index) => ptsMs - (keyframes[index] ?? 0));
    expect(Math.max(...steps)).toBeLessThan(2500);
  });

  test('is not asked more often than every 0.3 s of each layer, and more seldom when that brings nothing', () => {
    const { asked } = simulcast(20_000, [
      { sender: new Sender(1, 'q', SMALL_SPS), loses: (ms) => ms % 1000 === 0 },
      { sender: new Sender(2, 'f'), loses: (ms) => ms === 0, answers: false },
    ]);
    for (const ssrc of [1, 2]) {
      const times = asked.filter((each) => each.ssrc === ssrc).map(({ ms }) => ms);
      const steps = times.slice(1).map((ms, index) => ms - (times[index] ?? 0));
      expect(Math.min(...steps)).toBeGreaterThanOrEqual(300);
    }
    expect(asked.filter(({ ssrc }) => ssrc === 2).length).toBeLessThan(20_000 / 1000);
    // The small one loses a picture each second.
    expect(asked.filter(({ ssrc }) => ssrc === 1).length).toBeLessThan(30);
  });
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { concat } from '@tallylight/media/bytes/concat.ts';
import { fromHex } from '@tallylight/media/bytes/hex.ts';
import { MAX_FRAME_BYTES, MAX_FRAME_PACKETS } from '@tallylight/media/rtp/depacketizer/frame.ts';
import { H264Depacketizer } from '@tallylight/media/rtp/depacketizer/h264.ts';
import { OpusDepacketizer } from '@tallylight/media/rtp/depacketizer/opus.ts';
import { Vp8Depacketizer } from '@tallylight/media/rtp/depacketizer/vp8.ts';
import { noExtensions } from '@tallylight/media/rtp/header-extensions.ts';
import { JitterBuffer } from '@tallylight/media/rtp/jitter-buffer.ts';
import { compactNtp, msToNtp } from '@tallylight/media/rtp/ntp-time.ts';
import { ReceptionStatistics } from '@tallylight/media/rtp/reception-statistics.ts';
import { RidDemux } from '@tallylight/media/rtp/rid-demux.ts';
import { writeFir } from '@tallylight/media/rtp/rtcp/fir.ts';
import { writeNack } from '@tallylight/media/rtp/rtcp/nack.ts';
import { writePli } from '@tallylight/media/rtp/rtcp/pli.ts';
import { type RtcpPacket, readRtcp } from '@tallylight/media/rtp/rtcp/read-rtcp.ts';
import { writeReceiverReport } from '@tallylight/media/rtp/rtcp/receiver-report.ts';
import { writeSenderReport } from '@tallylight/media/rtp/rtcp/sender-report.ts';
import { writeSourceDescription } from '@tallylight/media/rtp/rtcp/source-description.ts';
import { writeTransportFeedback } from '@tallylight/media/rtp/rtcp/transport-feedback.ts';
import { RtpError } from '@tallylight/media/rtp/rtp-error.ts';
import { isRtcp, type RtpPacket, readRtpPacket, writeRtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { unwrapRtx } from '@tallylight/media/rtp/rtx.ts';
import { SenderReportClock } from '@tallylight/media/rtp/sender-report-clock.ts';
import { TransportFeedbackRecorder } from '@tallylight/media/rtp/transport-feedback-recorder.ts';
import { SeededRandom } from '@tallylight/server/ingest/rtmp/testing/seeded-random.ts';
import { describe, expect, test } from 'vitest';
import { FuzzedIngest, OWN_SSRC } from './fuzzed-ingest.ts';

/** `FUZZ_SEED` repeats a run, `FUZZ_RTP_CASES` makes it longer or shorter. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CASES = Number(process.env['FUZZ_RTP_CASES'] ?? 200_000);
/** Processor time, for the machine may have other things to do. */
const RUN_MS = 30_000;
/** Comparing what is written with what was read costs more than all the rest. */
const COMPARE_EACH = 16;
const MAX_EXTRA_MB = 32;
/** Datagrams in a row of which few, or most, are changed: streams come far enough to be damaged. */
const PHASE = 400;

const H264 = [
  // STAP-A with SPS and PPS from x264, IDR in three fragments, slices, an SEI.
  '7800196742c00dd901419f9f0110000003001000000303c0f1429920000568cb83cb20',
  '7c8588840a0b0c0d0e0f101112131415',
  '7c05161718191a1b1c1d1e1f20212223',
  '7c4524252627',
  '419a0102030405060708090a0b0c0d0e',
  '419c0102',
  '060501aa80',
].map(fromHex);
const VP8 = [
  '9080800110020f9d012a80026801aabbccddeeff',
  '8080800100112233445566',
  '90e080020140310211223344',
  '103102aabb',
].map(fromHex);
const OPUS = ['fc0102030405', 'fb0301020304', '78aabb'].map(fromHex);
const PAYLOADS = [
  ...H264.map((payload) => ({ payload, payloadType: 102 })),
  ...VP8.map((payload) => ({ payload, payloadType: 96 })),
  ...OPUS.map((payload) => ({ payload, payloadType: 111 })),
];

/** Of one picture; the sender never says that it ends. */
const ENDLESS_PACKETS = 20_000;
/** What is held is weighed every so many packets: just before the bound is reached too. */
const WEIGHED_EACH = 8000;
const H264_START = [H264[0] ?? new Uint8Array(0)];
const H264_KEYFRAME = H264.slice(0, 4);
const VP8_KEYFRAME = VP8.slice(0, 1);
/** Packets that begin a picture, those that then come for ever, and a keyframe to go on with. */
const NEVER_ENDING: readonly {
  readonly name: string;
  readonly payloadType: number;
  readonly begin: readonly Uint8Array[];
  readonly endless: readonly Uint8Array[];
  readonly keyframe: readonly Uint8Array[];
  /** Some are changed at random. */
  readonly changed?: boolean;
}[] = [
  {
    name: 'VP8 descriptors alone',
    payloadType: 96,
    begin: [],
    endless: ['10', '90808001'].map(fromHex),
    keyframe: VP8_KEYFRAME,
  },
  {
    name: 'VP8 packets of one byte',
    payloadType: 96,
    begin: [fromHex('1031')],
    endless: [fromHex('00aa')],
    keyframe: VP8_KEYFRAME,
  },
  {
    name: 'VP8 packets of all kinds',
    payloadType: 96,
    begin: [fromHex('1031')],
    endless: ['00aa', '00', '1031', '80808001aa'].map(fromHex),
    keyframe: VP8_KEYFRAME,
    changed: true,
  },
  {
    name: 'H.264 fragments of one byte',
    payloadType: 102,
    begin: [...H264_START, fromHex('7c8588')],
    endless: [fromHex('7c0555')],
    keyframe: H264_KEYFRAME,
  },
  {
    name: 'H.264 units of one byte',
    payloadType: 102,
    begin: H264_START,
    endless: ['41', '06', '67', '68'].map(fromHex),
    keyframe: H264_KEYFRAME,
  },
  {
    name: 'H.264 packets of all kinds',
    payloadType: 102,
    begin: H264_START,
    endless: [...H264, fromHex('7c0555'), fromHex('0c')],
    keyframe: H264_KEYFRAME,
    changed: true,
  },
];

const REPORT = {
  ssrc: 1,
  fractionLost: 3,
  cumulativeLost: -1,
  highestSequence: 0x1_0005,
  jitter: 9,
  lastSenderReport: 5,
  delaySinceLastSenderReport: 6,
};

describe('fuzz: RTP and RTCP', () => {
  test('whatever a datagram holds: only RtpError is thrown, frames stay whole, memory stays bounded', () => {
    const random = new SeededRandom(SEED);
    const receiver = new Receiver();
    const beforeMb = heldMb();
    const started = process.cpuUsage();
    let refused = 0;
    let accepted = 0;
    for (let done = 0; done < CASES; done++) {
      const datagram = oddDatagram(random, done, done * 0.7);
      try {
        receiver.receive(datagram, done * 0.7);
        accepted++;
      } catch (error) {
        if (!(error instanceof RtpError)) {
          throw new Error(`FUZZ_SEED=${SEED}, case ${done}: ${Buffer.from(datagram).toString('hex')}`, {
            cause: error,
          });
        }
        refused++;
      }
    }
    const used = process.cpuUsage(started);
    const tookMs = (used.user + used.system) / 1000;
    const extraMb = heldMb() - beforeMb;
    console.log(
      `FUZZ_SEED=${SEED}: ${CASES} datagrams in ${Math.round(tookMs)} ms, ${refused} refused, ${extraMb.toFixed(1)} MB more,`,
      receiver.seen,
      receiver.ingest.seen,
    );
    expect(tookMs).toBeLessThan(RUN_MS);
    expect(extraMb).toBeLessThan(MAX_EXTRA_MB);
    // The run went deep: neither everything nor nothing was taken.
    expect(accepted).toBeGreaterThan(CASES / 4);
    expect(refused).toBeGreaterThan(CASES / 20);
    expect(receiver.seen.h264).toBeGreaterThan(CASES / 100);
    expect(receiver.seen.vp8).toBeGreaterThan(CASES / 1000);
    expect(receiver.seen.opus).toBeGreaterThan(CASES / 1000);
    expect(receiver.seen.rtcp).toBeGreaterThan(CASES / 100);
    const { pictures, layers, sounds, rtts, nacks, keyframesAsked } = receiver.ingest.seen;
    for (const count of [pictures, layers, sounds, rtts, nacks, keyframesAsked]) {
      expect(count).toBeGreaterThan(CASES / 5000);
    }
  });

  test.each(NEVER_ENDING)(
    'of a picture without end no more is held than a picture may have: $name',
    (run) => {
      const random = new SeededRandom(SEED);
      const receiver = new Receiver();
      let sequence = 0;
      const send = (payload: Uint8Array, timestamp: number, marker: boolean): void => {
        const { payloadType } = run;
        const extensions = noExtensions();
        const packet = {
          payloadType,
          marker,
          sequence: sequence & 0xffff,
          timestamp,
          ssrc: 1,
          extensions,
          payload,
        };
        receiver.receive(writeRtpPacket(packet), sequence++ * 0.7);
      };
      for (const payload of run.begin) send(payload, 0, false);
      const beforeMb = heldMb();
      let mostMb = 0;
      for (let sent = 0; sent < ENDLESS_PACKETS; sent++) {
        const payload = random.pick(run.endless);
        send(run.changed === true && random.below(20) === 0 ? random.mutate(payload) : payload, 0, false);
        const held = receiver.heldPackets;
        if (held > MAX_FRAME_PACKETS) throw new Error(`${held} packets are held`);
        if ((sent + 1) % WEIGHED_EACH === 0) mostMb = Math.max(mostMb, heldMb() - beforeMb);
      }
      console.log(`FUZZ_SEED=${SEED}: ${run.name}: at most ${mostMb.toFixed(1)} MB more`);
      expect(mostMb).toBeLessThan(MAX_EXTRA_MB);
      // The next picture comes out as ever.
      const { pictures, layers } = receiver.ingest.seen;
      for (const payload of run.keyframe) send(payload, 3000, payload === run.keyframe.at(-1));
      expect(receiver.ingest.seen.pictures).toBe(pictures + 1);
      expect(receiver.ingest.seen.layers).toBeGreaterThan(layers);
    },
  );
});

/** Memory that is held, in MB: what is left when all is freed that can be. */
function heldMb(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

/** Everything that looks at a publisher's datagrams, as the ingest puts it together. */
class Receiver {
  readonly ingest = new FuzzedIngest();
  readonly seen = { rtcp: 0, h264: 0, vp8: 0, opus: 0, gaps: 0, nacked: 0 };
  readonly #demux = new RidDemux({ extensionIds: { mid: 4, rid: 10, repairedRid: 11 } });
  readonly #ordered = [new JitterBuffer(), new JitterBuffer({ nack: false })].map((buffer) => ({
    buffer,
    depacketizers: newDepacketizers(),
  }));
  readonly #unordered = newDepacketizers();
  readonly #clock = new SenderReportClock();
  readonly #recorder = new TransportFeedbackRecorder();
  readonly #statistics = new ReceptionStatistics({ ssrc: 1, clockRate: 90_000 });

  #compared = 0;

  /** Most packets that one depacketizer holds. */
  get heldPackets(): number {
    const all = [this.#unordered, ...this.#ordered.map(({ depacketizers }) => depacketizers)];
    return Math.max(...all.map(({ h264, vp8 }) => Math.max(h264.heldPackets, vp8.heldPackets)));
  }

  receive(datagram: Uint8Array, nowMs: number): void {
    if (isRtcp(datagram)) this.#rtcp(datagram, nowMs);
    else this.#rtp(readRtpPacket(datagram), nowMs);
  }

  #compares(): boolean {
    return this.#compared++ % COMPARE_EACH === 0;
  }

  #rtcp(datagram: Uint8Array, nowMs: number): void {
    let packets: readonly RtcpPacket[] = [];
    try {
      packets = readRtcp(datagram);
    } finally {
      this.ingest.rtcp(datagram, packets, nowMs);
    }
    for (const packet of packets) {
      this.seen.rtcp++;
      if (packet.type === 'sender-report') {
        this.#clock.report(packet, nowMs);
        this.#statistics.senderReport(packet, nowMs);
        if (this.#compares()) expect(readRtcp(writeSenderReport(packet))).toEqual([packet]);
      } else if (packet.type === 'nack') {
        if (packet.sequences.length > 20_000) throw new Error(`a NACK of ${packet.sequences.length} packets`);
      } else if (packet.type === 'transport-feedback' && packet.arrivalsMs.some((at) => at !== undefined)) {
        const again = writeTransportFeedback(packet);
        if (this.#compares()) expect(readRtcp(again)).toEqual([packet]);
      }
    }
  }

  #rtp(packet: RtpPacket, nowMs: number): void {
    if (this.#compares()) expect(readRtpPacket(writeRtpPacket(packet))).toEqual(packet);
    this.ingest.rtp(packet, nowMs);
    this.#demux.sourceOf(packet);
    this.#statistics.received(packet, nowMs);
    this.#recorder.received(packet.sequence, nowMs);
    if (packet.sequence % 50 === 0) {
      const feedback = this.#recorder.take({ senderSsrc: 1, mediaSsrc: 2 });
      if (feedback !== undefined) readRtcp(feedback);
      this.#statistics.report(nowMs);
    }
    const original =
      packet.payloadType === 97 ? unwrapRtx(packet, { payloadType: 96, ssrc: packet.ssrc }) : packet;
    if (original === undefined) return;
    for (const { buffer, depacketizers } of this.#ordered) {
      buffer.push(original, nowMs);
      if (packet.sequence % 10 === 0) this.seen.nacked += buffer.nacks(nowMs).length;
      for (let event = buffer.take(nowMs); event !== undefined; event = buffer.take(nowMs)) {
        if (event.type === 'gap') {
          this.seen.gaps++;
          if (event.sequences < 1) throw new Error(`a gap of ${event.sequences} packets`);
          for (const depacketizer of Object.values(depacketizers)) depacketizer.loss();
        } else this.#depacketize(depacketizers, event.packet, nowMs);
      }
    }
    // What no order makes whole is looked at too.
    this.#depacketize(this.#unordered, original, nowMs);
  }

  #depacketize(depacketizers: Depacketizers, packet: RtpPacket, nowMs: number): void {
    const codec = packet.payloadType === 102 ? 'h264' : packet.payloadType === 111 ? 'opus' : 'vp8';
    const depacketizer = depacketizers[codec];
    depacketizer.push(packet);
    for (let frame = depacketizer.take(); frame !== undefined; frame = depacketizer.take()) {
      this.seen[codec]++;
      if (frame.payload.length === 0 || frame.payload.length > MAX_FRAME_BYTES) {
        throw new Error(`a frame of ${frame.payload.length} bytes`);
      }
      const ms = this.#clock.toMs({ ssrc: frame.ssrc, clockRate: 90_000 }, frame.rtpTime, nowMs);
      if (!Number.isSafeInteger(ms)) throw new Error(`a frame at ${ms} ms`);
    }
  }
}

type Depacketizers = ReturnType<typeof newDepacketizers>;

function newDepacketizers() {
  return { h264: new H264Depacketizer(), vp8: new Vp8Depacketizer(), opus: new OpusDepacketizer() };
}

/** Noise, or what a publisher might send, as it was or changed. */
function oddDatagram(random: SeededRandom, index: number, nowMs: number): Uint8Array {
  const calm = Math.floor(index / PHASE) % 2 === 0;
  if (calm && random.below(50) > 0) return media(random, index, calm);
  const kind = random.below(20);
  if (kind === 0) return random.bytes(random.below(120));
  if (kind === 1) {
    // Noise behind a header that lets it in.
    const bytes = random.bytes(12 + random.below(100));
    bytes[0] = 0x80 | random.below(64);
    if (random.below(2) === 0) bytes[1] = 200 + random.below(8);
    return bytes;
  }
  const whole = kind < 6 ? compound(random, nowMs) : media(random, index, calm);
  return random.below(3) === 0 ? whole : random.mutate(whole);
}

function media(random: SeededRandom, index: number, calm: boolean): Uint8Array {
  const { payload, payloadType } =
    !calm && random.below(8) === 0
      ? random.pick(PAYLOADS)
      : (PAYLOADS[index % PAYLOADS.length] ?? { payload: new Uint8Array(0), payloadType: 0 });
  const extensions = new Map<number, Uint8Array>();
  if (random.below(3) === 0) extensions.set(10, random.bytes(1 + random.below(20)));
  if (random.below(3) === 0) extensions.set(4, Uint8Array.of(0x30 + random.below(3)));
  if (random.below(10) === 0) extensions.set(1 + random.below(255), random.bytes(random.below(30)));
  const packet = {
    payloadType: !calm && random.below(30) === 0 ? 97 : payloadType,
    marker: !calm && random.below(4) === 0,
    sequence: (index + (!calm && random.below(20) === 0 ? random.below(5000) - 2500 : 0)) & 0xffff,
    timestamp:
      (Math.floor(index / PAYLOADS.length) * 3000 +
        (!calm && random.below(40) === 0 ? random.below(2 ** 31) : 0)) %
      2 ** 32,
    ssrc: 1 + (!calm && random.below(200) === 0 ? random.below(2 ** 31) : 0),
    extensions,
    payload,
  };
  return writeRtpPacket(packet);
}

function compound(random: SeededRandom, nowMs: number): Uint8Array {
  const ssrc = random.below(3);
  const small = (): number => random.below(0x1_0000);
  const makers = [
    () =>
      writeSenderReport({
        ssrc,
        ntp: { seconds: random.below(2 ** 32), fraction: random.below(2 ** 32) },
        rtpTimestamp: random.below(2 ** 32),
        packetCount: small(),
        octetCount: small(),
        reports: [REPORT],
      }),
    () => writeReceiverReport({ ssrc, reports: [REPORT, REPORT] }),
    () =>
      writeNack({
        senderSsrc: ssrc,
        mediaSsrc: 1,
        sequences: Array.from({ length: random.below(40) }, small),
      }),
    () => writePli({ senderSsrc: ssrc, mediaSsrc: 1 }),
    () => writeFir({ senderSsrc: ssrc, requests: [{ ssrc: 1, sequence: random.below(256) }] }),
    () => writeSourceDescription({ ssrc, cname: 'name'.repeat(random.below(8)) }),
    () => roundTripAnswer(random, nowMs),
    () => fromHex('8fce0005000000010000000052454d42010ac350000000aa'),
    () =>
      writeTransportFeedback({
        senderSsrc: ssrc,
        mediaSsrc: 1,
        baseSequence: small(),
        feedbackCount: random.below(256),
        arrivalsMs: [
          500,
          ...Array.from({ length: random.below(60) }, () =>
            random.below(4) === 0 ? undefined : 500 + random.below(random.below(3) === 0 ? 8000 : 60),
          ),
        ],
      }),
  ];
  return concat(Array.from({ length: 1 + random.below(3) }, () => random.pick(makers)()));
}

/** What a publisher says of our time, RFC 3611 §4.5. */
function roundTripAnswer(random: SeededRandom, nowMs: number): Uint8Array {
  const bytes = fromHex('80cf00050000000705000003000000000000000000000000');
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(12, OWN_SSRC);
  view.setUint32(16, random.below(4) === 0 ? random.below(2 ** 32) : compactNtp(msToNtp(nowMs)));
  view.setUint32(20, random.below(4) === 0 ? random.below(2 ** 32) : 0);
  return bytes;
}

import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../../bytes/hex.ts';
import { joinNalUnits } from '../../codecs/nal/length-prefixed.ts';
import { noExtensions } from '../header-extensions.ts';
import type { RtpPacket } from '../rtp-packet.ts';
import { MAX_FRAME_BYTES, MAX_FRAME_PACKETS } from './frame.ts';
import { H264Depacketizer, type H264Frame } from './h264.ts';

// From x264: 320×180, and 1280×720.
const SPS = '6742c00dd901419f9f0110000003001000000303c0f1429920';
const OTHER_SPS = '6764001facd9405005bb016a02020280000003008000001e478c18cb';
const PPS = '68cb83cb20';
const AUD = '09f0';
const SEI = '0605 01aa80'.replace(' ', '');
/** An IDR slice and a P slice that start at macroblock 0, and ones that do not. */
const IDR = '6588840a0b0c0d0e0f';
const IDR_REST = '65420a0b0c';
const P = '419a010203040506';
const P_REST = '41421122';
/** first_mb 0, slice_type 6 (B). */
const B = '019f0102';

class Source {
  readonly depacketizer = new H264Depacketizer();
  #time = 0;

  /** Sends packets of one picture, the last with the marker unless `marker` is false. */
  picture(payloads: readonly string[], { marker = true, ssrc = 1, step = 3000 } = {}): H264Frame[] {
    this.#time += step;
    return payloads.flatMap((hex, index) => {
      const isLast = index === payloads.length - 1;
      this.depacketizer.push(packet(hex, this.#time, marker && isLast, ssrc));
      return this.taken();
    });
  }

  /** More packets of the picture before. */
  more(payloads: readonly string[]): H264Frame[] {
    return this.picture(payloads, { step: 0 });
  }

  taken(): H264Frame[] {
    const frames: H264Frame[] = [];
    for (let frame = this.depacketizer.take(); frame; frame = this.depacketizer.take()) frames.push(frame);
    return frames;
  }
}

function packet(hex: string, timestamp: number, marker: boolean, ssrc = 1): RtpPacket {
  return {
    payloadType: 96,
    marker,
    sequence: 0,
    timestamp: timestamp % 2 ** 32,
    ssrc,
    extensions: noExtensions(),
    payload: fromHex(hex),
  };
}

function stapA(...nals: readonly string[]): string {
  return `78${nals.map((nal) => `${(nal.length / 2).toString(16).padStart(4, '0')}${nal}`).join('')}`;
}

/** FU-A packets of a NAL unit, `size` bytes of it in each. */
function fuA(nal: string, size: number): string[] {
  const bytes = fromHex(nal);
  const header = bytes[0] ?? 0;
  const packets: string[] = [];
  for (let at = 1; at < bytes.length; at += size) {
    const start = at === 1 ? 0x80 : 0;
    const end = at + size >= bytes.length ? 0x40 : 0;
    const head = Uint8Array.of((header & 0xe0) | 28, start | end | (header & 31));
    packets.push(toHex(head) + toHex(bytes.subarray(at, at + size)));
  }
  return packets;
}

function sample(...nals: readonly string[]): Uint8Array {
  return joinNalUnits(nals.map((nal) => fromHex(nal)));
}

const START = stapA(SPS, PPS);

describe('H.264 payload formats (RFC 6184)', () => {
  test('§5.6: single NAL units; parameter sets and delimiter come apart, SEI stays', () => {
    const source = new Source();
    const frames = source.picture([AUD, SPS, PPS, SEI, IDR]);
    expect(frames).toHaveLength(1);
    expect(frames[0]).toMatchObject({ ssrc: 1, rtpTime: 3000, keyframe: true, hasBSlice: false });
    expect(frames[0]?.payload).toEqual(sample(SEI, IDR));
    expect(frames[0]?.parameterSets).toEqual({ spsNals: [fromHex(SPS)], ppsNals: [fromHex(PPS)] });
  });

  test('§5.7.1: STAP-A', () => {
    const [frame] = new Source().picture([stapA(AUD, SPS, PPS, SEI, IDR)]);
    expect(frame?.payload).toEqual(sample(SEI, IDR));
  });

  test('§5.8: FU-A puts the NAL unit header together again', () => {
    const source = new Source();
    const [frame] = source.picture([START, ...fuA(IDR, 3)]);
    expect(frame?.payload).toEqual(sample(IDR));
    expect(source.picture(fuA(P, 2))[0]?.payload).toEqual(sample(P));
  });

  test('several slices are one access unit', () => {
    const [frame] = new Source().picture([START, ...fuA(IDR, 3), IDR_REST, ...fuA(IDR_REST, 2)]);
    expect(frame?.payload).toEqual(sample(IDR, IDR_REST, IDR_REST));
  });

  test('§5.1: a picture without marker ends where the timestamp changes', () => {
    const source = new Source();
    expect(source.picture([START, IDR], { marker: false })).toEqual([]);
    const frames = source.picture([P], { marker: false });
    expect(frames.map(({ rtpTime, keyframe }) => [rtpTime, keyframe])).toEqual([[3000, true]]);
    expect(source.picture([P]).map(({ rtpTime }) => rtpTime)).toEqual([6000, 9000]);
  });

  test('filler, reserved types and empty packets are left out', () => {
    const [frame] = new Source().picture([START, '', '0cffff80', '1f00', '1e00', '00', IDR]);
    expect(frame?.payload).toEqual(sample(IDR));
  });

  test('rtpTime goes on when the timestamp wraps', () => {
    const source = new Source();
    source.picture([START, IDR], { step: 2 ** 32 - 3000 });
    expect(source.picture([P], { step: 6000 })[0]?.rtpTime).toBe(2 ** 32 + 3000);
  });
});

describe('parameter sets', () => {
  test('stay the same object until they change', () => {
    const source = new Source();
    const [first] = source.picture([START, IDR]);
    const [second] = source.picture([P]);
    const [third] = source.picture([START, IDR]);
    expect(second?.parameterSets).toBe(first?.parameterSets);
    expect(third?.parameterSets).toBe(first?.parameterSets);
    const [changed] = source.picture([stapA(OTHER_SPS, PPS), IDR]);
    expect(changed?.parameterSets).toEqual({ spsNals: [fromHex(OTHER_SPS)], ppsNals: [fromHex(PPS)] });
  });

  test('may come as a picture of their own', () => {
    const source = new Source();
    expect(source.picture([START])).toEqual([]);
    expect(source.picture([IDR])).toHaveLength(1);
  });

  test('may come from the SDP instead', () => {
    const sets = [fromHex(SPS), fromHex(PPS)];
    const depacketizer = new H264Depacketizer({ parameterSets: sets });
    depacketizer.push(packet(IDR, 1, true));
    expect(depacketizer.take()?.parameterSets).toEqual({ spsNals: [sets[0]], ppsNals: [sets[1]] });
  });

  test('without any, an IDR is no use', () => {
    const source = new Source();
    expect(source.picture([IDR])).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
  });

  test('that cannot be parsed are none', () => {
    expect(new Source().picture(['67ff', PPS, IDR])).toEqual([]);
  });
});

describe('B slices', () => {
  test('are reported', () => {
    const source = new Source();
    source.picture([START, IDR]);
    expect(source.picture([B])[0]?.hasBSlice).toBe(true);
    expect(source.picture(fuA(B, 1))[0]?.hasBSlice).toBe(true);
    expect(source.picture([P])[0]?.hasBSlice).toBe(false);
  });
});

describe('losses', () => {
  /** A stream that has started. */
  function started(): Source {
    const source = new Source();
    expect(source.picture([START, IDR])).toHaveLength(1);
    expect(source.depacketizer.keyframeNeeded).toBe(false);
    return source;
  }

  test('before the first IDR nothing comes out', () => {
    const source = new Source();
    expect(source.picture([P])).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
    expect(source.picture([START, IDR])).toHaveLength(1);
  });

  test.each([
    ['start', [1, 2]],
    ['middle', [0, 2]],
    ['end', [0, 1]],
  ])('the %s of an FU-A lost: the picture is given up, and all up to the next IDR', (_, kept) => {
    const source = started();
    const fragments = fuA('419a01020304', 2);
    expect(fragments).toHaveLength(3);
    const lost = [0, 1, 2].find((index) => !kept.includes(index)) ?? 0;
    if (lost === 0) source.depacketizer.loss();
    expect(source.picture(fragments.slice(0, lost), { marker: false })).toEqual([]);
    if (lost !== 0) source.depacketizer.loss();
    expect(source.more(fragments.slice(lost + 1))).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
    expect(source.picture([P])).toEqual([]);
    expect(source.picture([START, IDR])).toHaveLength(1);
    expect(source.picture([P])).toHaveLength(1);
  });

  test('tail of one and head of the next lost: neither comes out, even when the next is an IDR', () => {
    const source = started();
    source.picture(fuA(P, 2).slice(0, 2), { marker: false });
    source.depacketizer.loss();
    expect(source.picture([IDR_REST])).toEqual([]);
    expect(source.picture([P])).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
  });

  test('an IDR whose parameter sets were lost is not taken: they may have changed', () => {
    const source = started();
    source.depacketizer.loss();
    expect(source.picture([IDR])).toEqual([]);
    expect(source.picture([START, IDR])).toHaveLength(1);
  });

  test('an IDR right after the loss is taken when it is whole', () => {
    const source = started();
    source.depacketizer.loss();
    expect(source.picture([START, IDR])).toHaveLength(1);
    source.depacketizer.loss();
    expect(source.picture([AUD, SPS, PPS, ...fuA(IDR, 2)])).toHaveLength(1);
  });

  test('where parameter sets are never sent, an IDR from macroblock 0 on is whole', () => {
    const depacketizer = new H264Depacketizer({ parameterSets: [fromHex(SPS), fromHex(PPS)] });
    depacketizer.push(packet(IDR_REST, 1, true));
    expect(depacketizer.take()).toBeUndefined();
    depacketizer.loss();
    for (const [index, hex] of fuA(IDR, 3).entries()) depacketizer.push(packet(hex, 2, index === 2));
    expect(depacketizer.take()?.keyframe).toBe(true);
  });

  test('an FU-A that never ends takes its picture with it', () => {
    const source = started();
    expect(source.picture(fuA(P, 2).slice(0, 2))).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
  });

  test.each([
    ['an aggregate cut short', '78000541'],
    ['an aggregate with an empty unit', '780000'],
    ['an interleaved packet', '1900'],
    ['a fragment that starts and ends at once', '7cc10102'],
    ['a fragment without payload', '7c81'],
    ['a packet within an aggregate', '7800037c8501'],
    ['a fragmented aggregate', '7cd80102'],
    ['a fragment without start', '7c0102'],
  ])('%s gives its picture up', (_, hex) => {
    const source = started();
    expect(source.picture([hex, P])).toEqual([]);
    expect(source.depacketizer.keyframeNeeded).toBe(true);
    expect(source.picture([START, IDR])).toHaveLength(1);
  });

  test('a single NAL unit among fragments gives its picture up', () => {
    const source = started();
    const [first = '', ...rest] = fuA(P, 2);
    expect(source.picture([first, P_REST, ...rest])).toEqual([]);
  });

  test('another SSRC starts anew', () => {
    const source = started();
    expect(source.picture([P], { ssrc: 2 })).toEqual([]);
    expect(source.picture([START, IDR], { ssrc: 2 })[0]?.ssrc).toBe(2);
  });
});

describe('bounds', () => {
  test('a picture without end is given up', () => {
    const depacketizer = new H264Depacketizer();
    const fragment = new Uint8Array(60_000);
    fragment.set([0x7c, 0x85]);
    const one = { ...packet('', 1, false), payload: fragment };
    depacketizer.push(packet(SPS, 1, false));
    depacketizer.push(packet(PPS, 1, false));
    depacketizer.push(one);
    fragment[1] = 0x05;
    for (let sent = 0; sent < MAX_FRAME_BYTES * 2; sent += fragment.length) depacketizer.push(one);
    fragment[1] = 0x45;
    depacketizer.push({ ...one, marker: true });
    expect(depacketizer.take()).toBeUndefined();
  });

  test.each([
    ['comes out', MAX_FRAME_PACKETS, 1],
    ['is given up', MAX_FRAME_PACKETS + 1, 0],
  ])('a picture that %s: %i packets', (_, packets, frames) => {
    const source = new Source();
    source.picture([START, IDR]);
    const fragment = (hex: string, marker = false) => {
      source.depacketizer.push(packet(hex, 6000, marker));
      expect(source.depacketizer.heldPackets).toBeLessThanOrEqual(MAX_FRAME_PACKETS);
    };
    fragment('7c819a');
    for (let sent = 2; sent < packets; sent++) fragment('7c0155');
    fragment('7c4155', true);
    expect(source.taken()).toHaveLength(frames);
    expect(source.depacketizer.heldPackets).toBe(0);
    expect(source.depacketizer.keyframeNeeded).toBe(frames === 0);
    expect(source.picture([START, IDR])).toHaveLength(1);
  });
});

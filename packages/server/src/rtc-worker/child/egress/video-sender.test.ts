import { fromHex } from '@tallylight/media/bytes/hex.ts';
import { writeAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { joinNalUnits } from '@tallylight/media/codecs/nal/length-prefixed.ts';
import { type RtpPacket, readRtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test } from 'vitest';
import type { VideoTrack } from '../../../stream/track.ts';
import { HeaderTemplate } from './header-template.ts';
import type { Picture } from './picture.ts';
import { Rendition } from './rendition.ts';
import { RtpStream } from './rtp-stream.ts';
import { VideoSender } from './video-sender.ts';

/** Of x264, 320 × 180. */
const SPS = fromHex('6742c00dd901419f9f0110000003001000000303c0f1429920');
const PPS = fromHex('68ce3c80');

const track: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.42c00d',
  timescale: MILLISECONDS,
  width: 320,
  height: 180,
  config: writeAvcConfig([SPS], [PPS]),
};

function rendition(number = 0, bitrateBps = 2_500_000): Rendition {
  return new Rendition(number, track, bitrateBps);
}

/** Packets of the pictures at these times, the first of each ten an IDR, `bytes` long and come just when they should. */
function write(to: Rendition, ms: number, keyframe: boolean, bytes = 500): Picture {
  const nal = new Uint8Array(bytes).fill(ms & 0x7f);
  nal[0] = keyframe ? 0x65 : 0x41;
  const picture = to.take({ ms, keyframe, payload: joinNalUnits([nal]) }, ms);
  if (picture === undefined) throw new Error(`no picture at ${ms}`);
  return picture;
}

function open(): {
  sender: VideoSender;
  sent: RtpPacket[];
  /** Times of the packets in milliseconds, once each. */
  times: () => number[];
  replays: number[];
  wanted: Rendition[];
  room: { packets: number };
} {
  const sent: RtpPacket[] = [];
  const room = { packets: Number.POSITIVE_INFINITY };
  const replays: number[] = [];
  const wanted: Rendition[] = [];
  const stream = new RtpStream({
    sink: { send: (packet) => room.packets-- > 0 && sent.push(readRtpPacket(new Uint8Array(packet))) > 0 },
    counter: { next: () => 0, sent: () => {} },
    template: new HeaderTemplate({ payloadType: 96, ssrc: 7 }, {}, false),
    ssrc: 7,
    cname: 'c',
    history: 1024,
    sequence: 65_530,
    timestamp: 0,
  });
  const events = {
    onReplay: () => void replays.push(sent.length),
    onKeyframeWanted: (each: Rendition) => void wanted.push(each),
  };
  const times = (): number[] => [...new Set(sent.map(({ timestamp }) => timestamp / 90))];
  return { sender: new VideoSender(stream, events), sent, times, replays, wanted, room };
}

/** Replays from `nowMs` on, every 5 ms; when it was through. */
function finish(sender: VideoSender, nowMs: number): number {
  for (let ms = nowMs; ms < nowMs + 5000; ms += 5) if (!sender.replay(ms)) return ms;
  throw new Error('the replay has no end');
}

describe('VideoSender', () => {
  test('replays the GOP in a burst whose timestamps are those of now, and goes on live', () => {
    const main = rendition();
    for (let i = 0; i < 30; i++) write(main, 1000 + i * 33, i === 0, 10_000);
    const { sender, sent, times, replays } = open();
    sender.begin(main, 1960);
    expect(replays).toHaveLength(1);
    const doneMs = finish(sender, 1965);
    // 300 kB at 25 Mbit/s.
    expect(doneMs - 1960).toBeGreaterThan(80);
    expect(doneMs - 1960).toBeLessThan(110);
    expect(times()).toHaveLength(30);
    expect(times()[0]).toBeGreaterThanOrEqual(1957);
    expect(times().at(-1)).toBeLessThan(2023);
    sender.live(main, write(main, 2023, false));
    expect(times().at(-1)).toBe(2023);
    const numbers = sent.map(({ sequence }) => sequence);
    expect(numbers).toEqual(numbers.map((_, index) => (65_530 + index) & 0xffff));
    const rising = times();
    expect(rising).toEqual([...rising].sort((a, b) => a - b));
  });

  test('sends a picture that comes during the replay after it, and drops the replay for an IDR', () => {
    const main = rendition();
    for (let i = 0; i < 30; i++) write(main, 1000 + i * 33, i === 0, 10_000);
    const { sender, sent, times } = open();
    sender.begin(main, 1960);
    sender.replay(1970);
    const before = sent.length;
    sender.live(main, write(main, 1990, false, 800));
    expect(sent).toHaveLength(before);
    sender.live(main, write(main, 2023, true, 800));
    expect(times().at(-1)).toBe(2023);
    // The picture that was half sent is whole: a marker, then the parameter sets of the IDR.
    const tail = sent.slice(-3);
    expect(tail.map(({ marker }) => marker)).toEqual([true, false, true]);
    expect((tail[1]?.payload[0] ?? 0) & 31).toBe(24);
    expect(sender.replay(2030)).toBe(false);
  });

  test('takes another size of packets from the next picture on', () => {
    const main = rendition();
    write(main, 1000, true, 100);
    const { sender, sent, room } = open();
    sender.begin(main, 1000);
    finish(sender, 1010);
    sent.length = 0;
    room.packets = 1;
    sender.live(main, write(main, 1033, false, 2600));
    sender.payloadBytes = 1396;
    room.packets = Number.POSITIVE_INFINITY;
    finish(sender, 1040);
    expect(sent.map(({ marker }) => marker)).toEqual([false, false, true]);
    sender.live(main, write(main, 1066, false, 2600));
    expect(sent.slice(3).map(({ marker }) => marker)).toEqual([false, true]);
  });

  test('is stuck when the system has refused a packet for 50 turns, and no more once it takes one', () => {
    const main = rendition();
    write(main, 1000, true);
    const { sender, room } = open();
    room.packets = 0;
    sender.begin(main, 1000);
    for (let ms = 1005; ms < 1245; ms += 5) sender.replay(ms);
    expect(sender.isStuck).toBe(false);
    sender.replay(1245);
    expect(sender.isStuck).toBe(true);
    room.packets = 1;
    sender.replay(1250);
    expect(sender.isStuck).toBe(false);
  });

  test('waits for the next IDR, and asks for it, when there is no GOP', () => {
    const main = rendition();
    const { sender, sent, wanted } = open();
    sender.begin(main, 1000);
    expect(wanted).toEqual([main]);
    expect(
      main.take({ ms: 1000, keyframe: false, payload: joinNalUnits([new Uint8Array([0x41, 1])]) }, 1000),
    ).toBe(undefined);
    sender.live(main, write(main, 1033, true));
    sender.live(main, write(main, 1066, false));
    expect(sent.map(({ marker }) => marker)).toEqual([false, true, true]);
  });

  test('answers a PLI with one replay a second, the first sooner, and slower when it comes again', () => {
    const main = rendition();
    for (let i = 0; i < 10; i++) write(main, 1000 + i * 33, i === 0, 5000);
    const { sender, sent, replays } = open();
    sender.begin(main, 1300);
    finish(sender, 1305);
    sender.wantKeyframe(1350);
    expect(replays).toHaveLength(1);
    sender.wantKeyframe(1410);
    expect(replays).toHaveLength(2);
    finish(sender, 1415);
    sender.wantKeyframe(1500);
    sender.tick(1750);
    expect(replays).toHaveLength(2);
    sender.live(main, write(main, 2400, false, 5000));
    sender.tick(2411);
    expect(replays).toHaveLength(3);
    const before = sent.length;
    // 55 kB at 12.5 Mbit/s.
    expect(finish(sender, 2415) - 2411).toBeGreaterThan(28);
    expect(sent.length).toBeGreaterThan(before);
  });

  test('does not show old pictures again while the publisher is away', () => {
    const main = rendition();
    write(main, 1000, true);
    const { sender, sent } = open();
    sender.begin(main, 1010);
    sender.wantKeyframe(1200);
    const before = sent.length;
    for (let ms = 4000; ms < 20_000; ms += 3000) sender.wantKeyframe(ms);
    expect(sent).toHaveLength(before);
    sender.live(main, write(main, 21_000, false));
    sender.tick(21_000);
    expect(sent.length).toBeGreaterThan(before + 1);
  });

  test('sends later what the system has no room for, whole and in order', () => {
    const main = rendition();
    const { sender, sent, times, replays, room } = open();
    sender.begin(main, 1000);
    room.packets = 4;
    sender.live(main, write(main, 1000, true, 10_000));
    sender.live(main, write(main, 1033, false, 5000));
    expect(sent).toHaveLength(4);
    expect(replays).toEqual([4]);
    room.packets = 2;
    expect(sender.replay(1040)).toBe(true);
    room.packets = Number.POSITIVE_INFINITY;
    finish(sender, 1045);
    sender.live(main, write(main, 1066, false, 500));
    expect(times()).toEqual([1000, expect.any(Number), 1066]);
    expect(sent.map(({ sequence }) => sequence)).toEqual(sent.map((_, index) => (65_530 + index) & 0xffff));
    expect(sent.filter(({ marker }) => marker)).toHaveLength(3);
  });

  test('changes the rendition at the next IDR of the other, with numbers and times that go on', () => {
    const main = rendition(0);
    const small = rendition(1, 600_000);
    const { sender, sent, times } = open();
    sender.begin(main, 1000);
    sender.live(main, write(main, 1000, true));
    sender.switchTo(small);
    sender.live(main, write(main, 1033, false));
    sender.live(small, write(small, 1066, true));
    sender.live(main, write(main, 1066, true));
    sender.live(small, write(small, 1100, false));
    expect(sender.rendition).toBe(small);
    expect(times()).toEqual([1000, 1033, 1066, 1100]);
    expect(sent.map(({ sequence }) => sequence)).toEqual([65_530, 65_531, 65_532, 65_533, 65_534, 65_535]);
  });

  test('plays on at the first IDR after new parameter sets, which goes with them', () => {
    const main = rendition();
    const { sender, sent } = open();
    sender.begin(main, 1000);
    sender.live(main, write(main, 1000, true));
    main.reset({ ...track, config: writeAvcConfig([SPS], [fromHex('68ce3880')]) }, 1_000_000);
    expect(main.gop).toHaveLength(0);
    expect(
      main.take({ ms: 1033, keyframe: false, payload: joinNalUnits([new Uint8Array([0x41, 1])]) }, 0),
    ).toBe(undefined);
    const before = sent.length;
    sender.live(main, write(main, 1066, true));
    expect([...(sent[before]?.payload ?? [])].slice(-4)).toEqual([...fromHex('68ce3880')]);
  });

  test('goes on as it was when only the bit rate of the rendition changed', () => {
    const main = rendition();
    write(main, 1000, true);
    main.reset(track, 900_000);
    expect(main.bitrateBps).toBe(900_000);
    expect(main.gop).toHaveLength(1);
  });
});

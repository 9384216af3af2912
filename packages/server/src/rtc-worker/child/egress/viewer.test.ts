import { fromHex } from '@tallylight/media/bytes/hex.ts';
import { writeAvcConfig } from '@tallylight/media/codecs/h264/avc-config.ts';
import { joinNalUnits } from '@tallylight/media/codecs/nal/length-prefixed.ts';
import { ntpToMs } from '@tallylight/media/rtp/ntp-time.ts';
import { writeNack } from '@tallylight/media/rtp/rtcp/nack.ts';
import { writePli } from '@tallylight/media/rtp/rtcp/pli.ts';
import { type RtcpPacket, readRtcp } from '@tallylight/media/rtp/rtcp/read-rtcp.ts';
import { writeTransportFeedback } from '@tallylight/media/rtp/rtcp/transport-feedback.ts';
import { isRtcp, type RtpPacket, readRtpPacket } from '@tallylight/media/rtp/rtp-packet.ts';
import { SentHistory } from '@tallylight/media/rtp/sent-history.ts';
import type { EgressNegotiation } from '@tallylight/media/sdp/answer-egress.ts';
import { MILLISECONDS } from '@tallylight/media/time/ticks.ts';
import { describe, expect, test, vi } from 'vitest';
import type { VideoTrack } from '../../../stream/track.ts';
import { Feed, JOIN_SOUND_FROM_VIEWERS } from './feed.ts';
import { PACKET_PAYLOAD } from './packet-payload.ts';
import { Viewer } from './viewer.ts';

const track: VideoTrack = {
  kind: 'video',
  codec: 'h264',
  codecString: 'avc1.42c00d',
  timescale: MILLISECONDS,
  width: 320,
  height: 180,
  config: writeAvcConfig(
    [fromHex('6742c00dd901419f9f0110000003001000000303c0f1429920')],
    [fromHex('68ce3c80')],
  ),
};
const TRANSPORT_CC = 3;
const PLAYOUT_DELAY = 6;
const tracks: Pick<EgressNegotiation, 'video' | 'audio'> = {
  video: {
    codec: 'h264',
    payloadType: 102,
    clockRate: 90_000,
    extensionIds: { transportCc: TRANSPORT_CC, playoutDelay: PLAYOUT_DELAY },
    feedback: ['nack', 'nack pli', 'transport-cc'],
  },
  audio: {
    codec: 'opus',
    payloadType: 111,
    clockRate: 48_000,
    extensionIds: { transportCc: TRANSPORT_CC },
    feedback: ['transport-cc'],
  },
};
const EPOCH_MS = 1_700_000_000_000;
const opusFrame = new Uint8Array([0xf8, 1, 2, 3]);

interface Fixture {
  readonly time: { ms: number };
  readonly feed: Feed;
  readonly wanted: number[];
  /** Writes a picture to a rendition. */
  readonly picture: (keyframe: boolean, bytes?: number, track?: number) => void;
  readonly sound: () => void;
  readonly join: (of?: Pick<EgressNegotiation, 'video' | 'audio'>) => {
    readonly viewer: Viewer;
    readonly rtp: RtpPacket[];
    readonly rtcp: RtcpPacket[];
    /** Set `full` and nothing goes out. */
    readonly socket: { full: boolean };
  };
}

function open(): Fixture {
  const time = { ms: 5000 };
  const wanted: number[] = [];
  const feed = new Feed({
    clock: { now: () => EPOCH_MS + time.ms, monotonicMs: () => time.ms },
    maxBitrateBps: 20_000_000,
    events: { onKeyframeWanted: (each) => wanted.push(each), onViewers: () => {}, onReplay: () => {} },
  });
  feed.setVideo(0, track, 2_500_000);
  feed.setAudio(9);
  const unit = (kind: 'video' | 'audio', number: number, keyframe: boolean, payload: Uint8Array): void => {
    feed.write({ channel: 1, track: number, kind, keyframe, ptsMs: time.ms, dtsMs: time.ms, payload });
  };
  return {
    time,
    feed,
    wanted,
    picture: (keyframe, bytes = 100, number = 0) => {
      const nal = new Uint8Array(bytes);
      nal[0] = keyframe ? 0x65 : 0x41;
      unit('video', number, keyframe, joinNalUnits([nal]));
    },
    sound: () => unit('audio', 9, true, opusFrame),
    join: (of = tracks) => {
      const rtp: RtpPacket[] = [];
      const rtcp: RtcpPacket[] = [];
      const socket = { full: false };
      const send = (packet: Buffer): boolean => {
        if (socket.full) return false;
        const bytes = new Uint8Array(packet);
        if (isRtcp(bytes)) rtcp.push(...readRtcp(bytes));
        else rtp.push(readRtpPacket(bytes));
        return true;
      };
      const viewer = new Viewer(feed, of, { send });
      feed.join(viewer);
      return { viewer, rtp, rtcp, socket };
    },
  };
}

describe('Viewer', () => {
  test('in a crowd gets two packets of sound in one, whose times go on where they were', () => {
    const { feed, sound, join, time } = open();
    const { viewer, rtp } = join();
    viewer.start(time.ms);
    for (let i = 0; i < 2; i++, time.ms += 20) sound();
    expect(rtp).toHaveLength(2);
    for (let i = 1; i < JOIN_SOUND_FROM_VIEWERS; i++) join();
    for (let i = 0; i < 4; i++, time.ms += 20) sound();
    const steps = rtp.slice(1).map(({ timestamp }, i) => timestamp - (rtp[i]?.timestamp ?? 0));
    expect(steps).toEqual([960, 960, 1920]);
    feed.leave(viewer);
    for (let i = 0; i < 2; i++, time.ms += 20) sound();
    expect(rtp).toHaveLength(4);
  });

  test('gets large packets once it acknowledged one, and numbers the others not', () => {
    const { feed, picture, join, time } = open();
    picture(true, 5000);
    const { viewer, rtp } = join();
    viewer.start(time.ms);
    while (viewer.replay((time.ms += 5)));
    time.ms += 2000;
    expect(viewer.tick(time.ms)).toBe(true);
    picture(false, 3000);
    const probe = rtp.at(-1);
    expect(probe?.marker).toBe(true);
    expect(rtp.filter(({ extensions }) => extensions.has(TRANSPORT_CC))).toEqual([probe]);
    const [high = 0, low = 0] = probe?.extensions.get(TRANSPORT_CC) ?? [];
    const feedback = { senderSsrc: 1, mediaSsrc: viewer.streams.videoSsrc, feedbackCount: 0 };
    const baseSequence = (high << 8) | low;
    viewer.rtcp(writeTransportFeedback({ ...feedback, baseSequence, arrivalsMs: [3] }), time.ms);
    rtp.length = 0;
    time.ms += 33;
    picture(false, 2700);
    expect(rtp).toHaveLength(2);
    rtp.length = 0;
    viewer.rtcp(writePli({ senderSsrc: 1, mediaSsrc: viewer.streams.videoSsrc }), time.ms);
    time.ms += 33;
    while (viewer.replay((time.ms += 5)));
    picture(false, 2700);
    expect(Math.max(...rtp.map(({ payload }) => payload.length))).toBeLessThanOrEqual(PACKET_PAYLOAD.base);
    feed.leave(viewer);
  });

  test('gets nothing before it is connected, then the GOP and the sound', () => {
    const { feed, picture, sound, join, time } = open();
    picture(true);
    const { viewer, rtp } = join();
    picture(false);
    expect(rtp).toHaveLength(0);
    viewer.start(time.ms);
    expect(rtp.map(({ payloadType }) => payloadType)).toEqual([102, 102, 102]);
    sound();
    expect(rtp.at(-1)).toMatchObject({ payloadType: 111, payload: opusFrame });
    feed.leave(viewer);
    sound();
    expect(rtp).toHaveLength(4);
  });

  test('gets sender reports that put both streams on the wall clock, with one CNAME', () => {
    const { picture, sound, join, time } = open();
    picture(true);
    sound();
    const { viewer, rtp, rtcp } = join();
    viewer.start(time.ms);
    sound();
    const [video, , audio] = rtcp;
    if (video?.type !== 'sender-report' || audio?.type !== 'sender-report') throw new Error('no reports');
    expect(ntpToMs(video.ntp) - 2_208_988_800_000).toBeCloseTo(EPOCH_MS + 5000, 0);
    expect(video.ntp).toEqual(audio.ntp);
    expect(video.rtpTimestamp).toBe(rtp[0]?.timestamp);
    const sounds = rtp.filter(({ payloadType }) => payloadType === 111);
    // One packet of 20 ms came before the viewer.
    expect(audio.rtpTimestamp).toBe(((sounds[0]?.timestamp ?? 0) - 960) >>> 0);
    const names = rtcp.flatMap((each) => (each.type === 'source-description' ? each.sources : []));
    expect(new Set(names.map(({ cname }) => cname)).size).toBe(1);
    expect(names.map(({ ssrc }) => ssrc)).toEqual([viewer.streams.videoSsrc, viewer.streams.audioSsrc]);
    time.ms += 1000;
    viewer.tick(time.ms);
    expect(rtcp.filter(({ type }) => type === 'sender-report')).toHaveLength(4);
  });

  test('gets the playout delay always, and transport numbers while there is a choice of renditions', () => {
    const { feed, picture, sound, join, time } = open();
    picture(true);
    const { viewer, rtp } = join();
    viewer.start(time.ms);
    expect([...(rtp[0]?.extensions.keys() ?? [])]).toEqual([PLAYOUT_DELAY]);
    expect(rtp[0]?.extensions.get(PLAYOUT_DELAY)).toEqual(new Uint8Array([0, 0, 20]));
    feed.setVideo(1, track, 600_000);
    picture(false);
    sound();
    picture(false);
    const numbers = rtp.slice(-3).map(({ extensions }) => extensions.get(TRANSPORT_CC));
    expect(numbers).toEqual([new Uint8Array([0, 0]), new Uint8Array([0, 1]), new Uint8Array([0, 2])]);
    feed.remove(1);
    picture(false);
    expect(rtp.at(-1)?.extensions.has(TRANSPORT_CC)).toBe(false);
  });

  test('misses no transport number for packets that found no room', () => {
    const { feed, picture, join, time } = open();
    feed.setVideo(1, track, 600_000);
    picture(true);
    const { viewer, rtp, socket } = join();
    viewer.start(time.ms);
    const lost = rtp[0]?.sequence ?? 0;
    const nack = writeNack({ senderSsrc: 1, mediaSsrc: viewer.streams.videoSsrc, sequences: [lost] });
    socket.full = true;
    picture(false, 5000);
    viewer.rtcp(nack, time.ms + 30);
    for (let i = 0; i < 20; i++) viewer.replay((time.ms += 5));
    socket.full = false;
    viewer.rtcp(nack, time.ms);
    expect(rtp.at(-1)?.sequence, 'a resend that found no room may be asked for at once').toBe(lost);
    viewer.tick((time.ms += 5));
    viewer.replay((time.ms += 5));
    picture(false);
    expect(rtp.length).toBeGreaterThan(5);
    const numbers = rtp.map(({ extensions }) => extensions.get(TRANSPORT_CC)?.[1]);
    expect(numbers).toEqual(numbers.map((_number, index) => index));
  });

  test('gets lost packets again, each once in a round trip, and nothing for what was never sent', () => {
    const { picture, join, time } = open();
    picture(true, 20_000);
    const { viewer, rtp } = join();
    viewer.start(time.ms);
    viewer.replay(time.ms + 10);
    const [, second, third] = rtp;
    const before = rtp.length;
    const { videoSsrc } = viewer.streams;
    const nack = (sequences: readonly number[]): Uint8Array =>
      writeNack({ senderSsrc: 1, mediaSsrc: videoSsrc, sequences });
    const lost = [second?.sequence ?? 0, third?.sequence ?? 0];
    viewer.rtcp(nack(lost), time.ms);
    expect(rtp.slice(before)).toEqual([second, third]);
    viewer.rtcp(nack(lost), time.ms + 5);
    expect(rtp).toHaveLength(before + 2);
    viewer.rtcp(nack(lost), time.ms + 30);
    expect(rtp).toHaveLength(before + 4);
    viewer.rtcp(nack([((lost[0] ?? 0) + 5000) & 0xffff]), time.ms + 60);
    viewer.rtcp(writeNack({ senderSsrc: 1, mediaSsrc: 4711, sequences: lost }), time.ms + 60);
    expect(rtp).toHaveLength(before + 4);
  });

  test('cannot make us send more than a bound again, nor read more RTCP than a bound', () => {
    const { picture, join, time } = open();
    const { viewer, rtp } = join();
    viewer.start(time.ms);
    for (let i = 0; i < 3; i++) picture(i === 0, 700_000);
    const sent = rtp.slice(-1024).map(({ sequence }) => sequence);
    const before = rtp.length;
    for (let round = 0; round < 50; round++) {
      const { videoSsrc } = viewer.streams;
      for (let i = 0; i < sent.length; i += 200) {
        const sequences = sent.slice(i, i + 200);
        viewer.rtcp(writeNack({ senderSsrc: 1, mediaSsrc: videoSsrc, sequences }), time.ms + round * 20);
      }
    }
    const again = rtp.slice(before).reduce((sum, { payload }) => sum + payload.length, 0);
    // One second: 8 Mbit, and half a second's worth at once.
    expect(again).toBeGreaterThan(900_000);
    expect(again).toBeLessThan(1_600_000);
  });

  test('cannot make us look at more packets of transport-wide feedback than a bound', () => {
    const { feed, picture, join, time } = open();
    picture(true);
    const resolve = vi.spyOn(SentHistory.prototype, 'resolve');
    try {
      const { viewer } = join();
      viewer.start(time.ms);
      const looked = (): number =>
        resolve.mock.calls.reduce((sum, [{ arrivalsMs }]) => sum + arrivalsMs.length, 0);
      // Sender 1, media 2: "2,000 packets from 5 on did not come", and 50 of them in each datagram.
      const one = fromHex('8fcd0005 00000001 00000002 000507d0 00000000 07d00000'.replaceAll(' ', ''));
      const datagram = new Uint8Array(one.length * 50);
      for (let i = 0; i < 50; i++) datagram.set(one, i * one.length);
      viewer.rtcp(datagram, time.ms);
      expect(looked(), 'nothing is numbered').toBe(0);
      feed.setVideo(1, track, 600_000);
      for (let i = 0; i < 40; i++) viewer.rtcp(datagram, time.ms + i * 25);
      expect(looked()).toBeGreaterThan(4000);
      expect(looked()).toBeLessThanOrEqual(2048 + 8000);
    } finally {
      resolve.mockRestore();
    }
  });

  test('that sends more datagrams or more bytes than any player is to be ended', () => {
    const { join, time } = open();
    const pli = writePli({ senderSsrc: 1, mediaSsrc: 1 });
    const { viewer: often } = join();
    often.start(time.ms);
    for (let i = 0; i < 500; i++) expect(often.rtcp(pli, time.ms)).toBe(true);
    expect(often.rtcp(pli, time.ms)).toBe(false);
    const { viewer: much } = join();
    much.start(time.ms);
    const compound = new Uint8Array(1200);
    for (let i = 0; i < 54; i++) expect(much.rtcp(compound, time.ms)).toBe(true);
    expect(much.rtcp(compound, time.ms)).toBe(false);
    const { viewer: long } = join();
    long.start(time.ms);
    for (let i = 0; i < 2000; i++) expect(long.rtcp(pli, time.ms + i * 20)).toBe(true);
  });

  test('that asks for a keyframe gets the GOP again, or the publisher is asked, twice a second at most', () => {
    const { picture, join, time, wanted } = open();
    const { viewer, rtp } = join();
    viewer.start(time.ms);
    const pli = writePli({ senderSsrc: 1, mediaSsrc: viewer.streams.videoSsrc });
    viewer.rtcp(pli, time.ms + 100);
    expect(wanted).toEqual([0]);
    time.ms += 600;
    viewer.rtcp(pli, time.ms);
    expect(wanted).toEqual([0, 0]);
    picture(true);
    const before = rtp.length;
    expect(before).toBe(2);
    viewer.rtcp(pli, time.ms + 10);
    expect(rtp).toHaveLength(4);
  });

  test('goes to another rendition when its own is gone', () => {
    const { feed, picture, join, time } = open();
    feed.setVideo(1, track, 600_000);
    picture(true, 100, 0);
    picture(true, 100, 1);
    const { viewer, rtp } = join();
    viewer.start(time.ms);
    expect(viewer.rendition?.number).toBe(0);
    feed.remove(0);
    expect(viewer.rendition?.number).toBe(1);
    const before = rtp.length;
    picture(false, 100, 1);
    expect(rtp).toHaveLength(before + 1);
    feed.remove(1);
    expect(viewer.rendition).toBe(undefined);
  });

  test('may want one kind only, and may send nonsense', () => {
    const { picture, sound, join, time } = open();
    picture(true);
    const deaf = join({ video: tracks.video } as Pick<EgressNegotiation, 'video'>);
    const blind = join({ audio: tracks.audio } as Pick<EgressNegotiation, 'audio'>);
    for (const { viewer } of [deaf, blind]) {
      viewer.start(time.ms);
      viewer.rtcp(new Uint8Array([0x81, 205, 0, 0]), time.ms);
      viewer.rtcp(new Uint8Array([0]), time.ms);
      viewer.rtcp(writePli({ senderSsrc: 1, mediaSsrc: 1 }), time.ms);
    }
    sound();
    expect(new Set(deaf.rtp.map(({ payloadType }) => payloadType))).toEqual(new Set([102]));
    expect(new Set(blind.rtp.map(({ payloadType }) => payloadType))).toEqual(new Set([111]));
  });

  test('that says nothing for 30 s is gone', () => {
    const { join, time } = open();
    const { viewer } = join();
    expect(viewer.tick(time.ms + 60_000)).toBe(true);
    viewer.start(time.ms);
    expect(viewer.tick(time.ms + 29_000)).toBe(true);
    expect(viewer.tick(time.ms + 31_000)).toBe(false);
  });

  test('is told the end of both streams, and gets nothing more', () => {
    const { picture, join, time } = open();
    picture(true);
    const { viewer, rtp, rtcp } = join();
    viewer.end();
    expect(rtcp).toHaveLength(0);
    viewer.start(time.ms);
    const before = rtp.length;
    viewer.end();
    viewer.end();
    const { videoSsrc, audioSsrc } = viewer.streams;
    const byes = rtcp.flatMap((each) => (each.type === 'bye' ? each.ssrcs : []));
    expect(byes).toEqual([videoSsrc, audioSsrc]);
    picture(false);
    expect(rtp).toHaveLength(before);
  });

  test('bears any RTCP', () => {
    const { picture, join, time } = open();
    picture(true, 5000);
    const { viewer, rtp } = join();
    viewer.start(time.ms);
    let seed = 1;
    const random = (): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return seed;
    };
    for (let i = 0; i < 20_000; i++) {
      const bytes = new Uint8Array((random() >> 8) % 64).map(() => random() >> 12);
      // Often a packet that is one, of a type that is read.
      if (bytes.length >= 4) {
        bytes[0] = 0x80 | ((random() >> 8) % 32);
        bytes[1] = 200 + ((random() >> 8) % 8);
        bytes[2] = 0;
        bytes[3] = Math.floor(bytes.length / 4) - 1;
      }
      time.ms += 3;
      viewer.rtcp(bytes.subarray(0, bytes.length & ~3), time.ms);
    }
    const before = rtp.length;
    picture(false);
    expect(rtp).toHaveLength(before + 1);
  });
});

import { describe, expect, test } from 'vitest';
import { senderFigures } from './sender-figures.ts';
import { readSenderReport } from './sender-report.ts';

/** The shape that Chromium gives, shortened. */
function stats(at: {
  frames: number;
  bytes: number;
  packets: number;
  lost: number;
}): Record<string, unknown>[] {
  return [
    { type: 'codec', id: 'C1', mimeType: 'video/H264' },
    { type: 'media-source', kind: 'audio', id: 'SA', audioLevel: 0.2 },
    { type: 'media-source', kind: 'video', id: 'SV', trackIdentifier: 'T1', frames: at.frames + 12 },
    {
      type: 'outbound-rtp',
      kind: 'video',
      codecId: 'C1',
      bytesSent: at.bytes,
      headerBytesSent: 1_000,
      packetsSent: at.packets,
      framesEncoded: at.frames,
      frameWidth: 1280,
      frameHeight: 720,
      targetBitrate: 2_500_000,
      qualityLimitationReason: 'none',
    },
    { type: 'outbound-rtp', kind: 'audio', bytesSent: at.bytes / 10, packetsSent: 50 },
    { type: 'remote-inbound-rtp', kind: 'video', packetsLost: at.lost, roundTripTime: 0.04 },
    { type: 'transport', selectedCandidatePairId: 'P2' },
    { type: 'candidate-pair', id: 'P1', bytesReceived: 7 },
    {
      type: 'candidate-pair',
      id: 'P2',
      bytesReceived: 500,
      responsesReceived: 3,
      currentRoundTripTime: 0.025,
    },
  ];
}

describe('readSenderReport', () => {
  test('reads the selected pair, the codec and the picture', () => {
    expect(readSenderReport(stats({ frames: 0, bytes: 0, packets: 0, lost: 0 }), 5)).toMatchObject({
      atMs: 5,
      rttMs: 25,
      heard: 503,
      videoCodec: 'H264',
      sourceId: 'T1',
      width: 1280,
      height: 720,
      limitation: 'none',
      targetBitrateBps: 2_500_000,
    });
  });

  test('layers of simulcast are added up, the largest gives the picture', () => {
    const layer = (width: number, framesEncoded: number) => ({
      type: 'outbound-rtp',
      kind: 'video',
      bytesSent: 100,
      targetBitrate: 5,
      framesEncoded,
      frameWidth: width,
      frameHeight: width / 2,
    });
    expect(readSenderReport([layer(320, 10), layer(1280, 30), layer(640, 20)], 0)).toMatchObject({
      videoBytesSent: 300,
      targetBitrateBps: 15,
      framesEncoded: 30,
      width: 1280,
    });
  });

  test('nothing at all is no error', () => {
    expect(readSenderReport([], 0)).toMatchObject({
      videoBytesSent: 0,
      packetsLost: undefined,
      heard: undefined,
      rttMs: undefined,
    });
  });
});

describe('senderFigures', () => {
  test('are what happened between two reports', () => {
    const from = readSenderReport(stats({ frames: 100, bytes: 1_000_000, packets: 1_000, lost: 10 }), 1_000);
    const to = readSenderReport(stats({ frames: 250, bytes: 2_250_000, packets: 2_000, lost: 30 }), 6_000);
    expect(senderFigures(from, to)).toMatchObject({
      videoBitrateBps: 2_000_000,
      audioBitrateBps: 200_000,
      framesPerSecond: 30,
      droppedFrames: 0,
      rttMs: 25,
      lossFraction: 0.02,
      videoCodec: 'H264',
    });
  });

  test('frames of the source that were not encoded are dropped ones', () => {
    const from = { ...readSenderReport([], 0), sourceFrames: 0, framesEncoded: 0 };
    expect(
      senderFigures(from, { ...from, atMs: 1_000, sourceFrames: 30, framesEncoded: 21 }).droppedFrames,
    ).toBe(8);
  });

  test('of two sources no frames are counted, and none dropped', () => {
    const from = { ...readSenderReport([], 0), sourceId: 'a', sourceFrames: 100, framesEncoded: 100 };
    const to = { ...from, atMs: 1_000, sourceId: 'b', sourceFrames: 130, framesEncoded: 101 };
    expect(senderFigures(from, to)).toMatchObject({ sourceFramesPerSecond: undefined, droppedFrames: 0 });
  });

  test('nothing was lost before the first report of the far end', () => {
    const from = readSenderReport([], 0);
    const to = readSenderReport(stats({ frames: 150, bytes: 1, packets: 950, lost: 10 }), 5_000);
    expect(senderFigures(from, to).lossFraction).toBe(0.01);
  });

  test('counters that begin anew give no negative figures', () => {
    const from = readSenderReport(stats({ frames: 100, bytes: 1_000_000, packets: 1_000, lost: 10 }), 0);
    const to = readSenderReport(stats({ frames: 1, bytes: 10, packets: 60, lost: 0 }), 1_000);
    const figures = senderFigures(from, to);
    expect([figures.videoBitrateBps, figures.framesPerSecond, figures.lossFraction]).toEqual([
      0,
      0,
      undefined,
    ]);
  });
});

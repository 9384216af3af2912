import { describe, expect, test } from 'vitest';
import { RidDemux } from './rid-demux.ts';
import type { RtpPacket } from './rtp-packet.ts';

const IDS = { mid: 4, rid: 10, repairedRid: 11 };

function packet(ssrc: number, extensions: Record<number, string> = {}): RtpPacket {
  const elements = Object.entries(extensions).map(
    ([id, text]) => [Number(id), new TextEncoder().encode(text)] as const,
  );
  return {
    payloadType: 96,
    marker: false,
    sequence: 0,
    timestamp: 0,
    ssrc,
    extensions: new Map(elements),
    payload: new Uint8Array(0),
  };
}

describe('RidDemux (RFC 8852)', () => {
  test('an SSRC keeps its stream when the extensions stop', () => {
    const demux = new RidDemux({ extensionIds: IDS });
    expect(demux.sourceOf(packet(1))).toBeUndefined();
    expect(demux.sourceOf(packet(1, { 4: '1', 10: 'h' }))).toEqual({ mid: '1', rid: 'h', repaired: false });
    expect(demux.sourceOf(packet(1))).toEqual({ mid: '1', rid: 'h', repaired: false });
    expect(demux.sourceOf(packet(2))).toBeUndefined();
  });

  test('§3.2: repaired-rid names the retransmissions of a layer', () => {
    const demux = new RidDemux({ extensionIds: IDS });
    expect(demux.sourceOf(packet(3, { 11: 'h' }))).toEqual({ rid: 'h', repaired: true });
    expect(demux.sourceOf(packet(3, { 4: '1' }))).toEqual({ mid: '1', rid: 'h', repaired: true });
    expect(demux.sourceOf(packet(3))?.repaired).toBe(true);
  });

  test('mid and rid may come in different packets', () => {
    const demux = new RidDemux({ extensionIds: IDS });
    demux.sourceOf(packet(1, { 10: 'l' }));
    expect(demux.sourceOf(packet(1, { 4: '0' }))).toEqual({ mid: '0', rid: 'l', repaired: false });
  });

  test('the newest word counts', () => {
    const demux = new RidDemux({ extensionIds: IDS });
    expect(demux.sourceOf(packet(1, { 10: 'q' }))?.rid).toBe('q');
    expect(demux.sourceOf(packet(1, { 10: 'h' }))?.rid).toBe('h');
  });

  test('a packet that says nothing new gives the same object', () => {
    const demux = new RidDemux({ extensionIds: IDS });
    const first = demux.sourceOf(packet(1, { 4: '1', 10: 'h' }));
    expect(demux.sourceOf(packet(1, { 4: '1', 10: 'h' }))).toBe(first);
    expect(demux.sourceOf(packet(1, { 7: 'unrelated' }))).toBe(first);
  });

  test.each(['', ' ', 'a\u0000', 'seventeen letters', 'ü'])('the name %j is not taken', (name) => {
    const demux = new RidDemux({ extensionIds: IDS });
    expect(demux.sourceOf(packet(1, { 10: name }))).toBeUndefined();
  });

  test('without negotiated extensions nothing is read', () => {
    const demux = new RidDemux({ extensionIds: {} });
    expect(demux.sourceOf(packet(1, { 10: 'h' }))).toBeUndefined();
  });

  test('at most maxSsrcs are remembered, the newest', () => {
    const demux = new RidDemux({ extensionIds: IDS, maxSsrcs: 3 });
    for (let ssrc = 1; ssrc <= 5; ssrc++) demux.sourceOf(packet(ssrc, { 10: `r${ssrc}` }));
    const rids = [1, 2, 3, 4, 5].map((ssrc) => demux.sourceOf(packet(ssrc))?.rid);
    expect(rids).toEqual([undefined, undefined, 'r3', 'r4', 'r5']);
  });
});

import { describe, expect, test } from 'vitest';
import { fromHex } from '../bytes/hex.ts';
import { readRtpPacket } from './rtp-packet.ts';
import { unwrapRtx } from './rtx.ts';

describe('retransmissions (RFC 4588 §4)', () => {
  const original = { payloadType: 102, ssrc: 0xaaaa };
  const rtx = (payload: string) => readRtpPacket(fromHex(`80 e7 0007 00000100 0000bbbb ${payload}`));

  test('the original has its own sequence number, payload type and SSRC', () => {
    expect(unwrapRtx(rtx('fffe 6588'), original)).toEqual({
      payloadType: 102,
      marker: true,
      sequence: 0xfffe,
      timestamp: 0x100,
      ssrc: 0xaaaa,
      extensions: new Map(),
      payload: fromHex('6588'),
    });
  });

  test('a packet that only probes carries none', () => {
    expect(unwrapRtx(rtx(''), original)).toBeUndefined();
    expect(unwrapRtx(rtx('ff'), original)).toBeUndefined();
  });
});

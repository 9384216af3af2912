import { describe, expect, test } from 'vitest';
import { negotiateEgress } from './answer-egress.ts';
import type { AnswerTransport } from './answer-transport.ts';
import { hostCandidate } from './ice-candidate.ts';
import { readSdp } from './read-sdp.ts';
import { offerText } from './testing/offers.ts';

const DIGEST = Array.from({ length: 32 }, () => 'AB').join(':');
const transport: AnswerTransport = {
  origin: 'rtc 1 0 IN IP4 127.0.0.1',
  iceUfrag: 'ours',
  setup: 'passive',
  icePwd: 'ourPasswordIsThisLong22',
  fingerprint: { algorithm: 'sha-256', value: DIGEST },
  candidates: [hostCandidate('127.0.0.1', 8189, 0)],
};
const streams = { cname: 'tally', streamId: 'show', videoSsrc: 1111, audioSsrc: 2222 };
const offer = offerText('chromium-recvonly');

function payloadTypeFor(codecString: string | undefined): number | undefined {
  return negotiateEgress(readSdp(offer), codecString).video?.payloadType;
}

describe('negotiateEgress', () => {
  test('the answer to a viewer names both tracks as one stream', () => {
    const shared = [
      'a=ice-ufrag:ours',
      'a=ice-pwd:ourPasswordIsThisLong22',
      `a=fingerprint:sha-256 ${DIGEST}`,
      'a=setup:passive',
    ];
    const answer = negotiateEgress(readSdp(offer), 'avc1.42c01f').answer(transport, streams);
    expect(answer.split('\r\n')).toEqual([
      'v=0',
      'o=rtc 1 0 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0 1',
      'm=video 9 UDP/TLS/RTP/SAVPF 108',
      'c=IN IP4 0.0.0.0',
      'a=rtcp:9 IN IP4 0.0.0.0',
      'a=candidate:1 1 udp 2130706431 127.0.0.1 8189 typ host',
      'a=end-of-candidates',
      ...shared,
      'a=mid:0',
      'a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
      'a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay',
      'a=sendonly',
      'a=msid:show show-video',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      'a=rtpmap:108 H264/90000',
      'a=rtcp-fb:108 nack',
      'a=rtcp-fb:108 nack pli',
      'a=rtcp-fb:108 ccm fir',
      'a=rtcp-fb:108 transport-cc',
      'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
      'a=ssrc:1111 cname:tally',
      'a=ssrc:1111 msid:show show-video',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'c=IN IP4 0.0.0.0',
      'a=rtcp:9 IN IP4 0.0.0.0',
      ...shared,
      'a=mid:1',
      'a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
      'a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=sendonly',
      'a=msid:show show-audio',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      'a=rtpmap:111 opus/48000/2',
      'a=rtcp-fb:111 transport-cc',
      'a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1',
      'a=ssrc:2222 cname:tally',
      'a=ssrc:2222 msid:show show-audio',
      '',
    ]);
  });

  test('the payload type is that of our profile, or of the next that includes it, or of the nearest below', () => {
    expect(payloadTypeFor('avc1.42c01f')).toBe(108); // 42e01f
    expect(payloadTypeFor('avc1.42001f')).toBe(102); // 42001f
    expect(payloadTypeFor('avc1.4d401f')).toBe(116); // 4d001f
    // This Chromium offers no high profile; high 4:4:4 includes it.
    expect(payloadTypeFor('avc1.64001f')).toBe(41);
    expect(payloadTypeFor(undefined)).toBe(108);
    const onlyBaseline = offer.replaceAll('4d001f', '42e01f').replaceAll('f4001f', '42e01f');
    expect(negotiateEgress(readSdp(onlyBaseline), 'avc1.64001f').video?.payloadType).toBe(102);
  });

  test('the native library gets one section, without candidates', () => {
    const { nativeOffer } = negotiateEgress(readSdp(offer), undefined);
    expect(nativeOffer).not.toContain('candidate');
    const { media } = readSdp(nativeOffer);
    expect(media.map(({ kind, formats, setup }) => [kind, formats, setup])).toEqual([
      ['video', ['108'], 'active'],
    ]);
  });

  test('a viewer that listens only, or looks only, is served', () => {
    const cut = offer.indexOf('m=audio');
    const picture = offer.slice(0, cut).replace('BUNDLE 0 1', 'BUNDLE 0');
    expect(negotiateEgress(readSdp(picture), undefined)).toMatchObject({ video: { payloadType: 108 } });
    const start = offer.slice(0, offer.indexOf('m=video')).replace('BUNDLE 0 1', 'BUNDLE 1');
    const heard = negotiateEgress(readSdp(start + offer.slice(cut)), undefined);
    expect(heard.video).toBeUndefined();
    expect(readSdp(heard.nativeOffer).media[0]?.kind).toBe('audio');
    expect(readSdp(heard.answer(transport, streams)).media[0]?.candidates).toHaveLength(1);
  });

  test('a viewer of a picture without H.264 in mode 1 is refused', () => {
    const text = offer.replaceAll('packetization-mode=1', 'packetization-mode=0');
    expect(() => negotiateEgress(readSdp(text), undefined)).toThrow('no H.264 with packetization-mode=1');
  });

  test("a publisher's offer is refused", () => {
    expect(() => negotiateEgress(readSdp(offerText('chromium-sendonly')), undefined)).toThrow(
      'no audio or video section that is recvonly or sendrecv; offered: audio sendonly, video sendonly',
    );
  });
});

import { describe, expect, test } from 'vitest';
import { negotiateIngest } from './answer-ingest.ts';
import { type AnswerTransport, readAnswerTransport } from './answer-transport.ts';
import { hostCandidate } from './ice-candidate.ts';
import { readSdp } from './read-sdp.ts';
import { OfferRefusedError } from './sdp-error.ts';
import { offerText } from './testing/offers.ts';

const DIGEST = Array.from({ length: 32 }, () => 'AB').join(':');
const transport: AnswerTransport = {
  origin: 'rtc 1 0 IN IP4 127.0.0.1',
  iceUfrag: 'ours',
  setup: 'passive',
  icePwd: 'ourPasswordIsThisLong22',
  fingerprint: { algorithm: 'sha-256', value: DIGEST },
  candidates: [hostCandidate('192.0.2.10', 8189, 0), hostCandidate('127.0.0.1', 8189, 1)],
};

const simulcast = offerText('chromium-simulcast');
const plain = offerText('chromium-sendonly');

/** The offer without the lines that match. */
function without(text: string, pattern: RegExp): string {
  return text
    .split('\r\n')
    .filter((line) => !pattern.test(line))
    .join('\r\n');
}

function refusal(text: string): string {
  try {
    negotiateIngest(readSdp(text));
  } catch (error) {
    if (error instanceof OfferRefusedError) return error.message;
    throw error;
  }
  throw new Error('the offer was taken');
}

describe('negotiateIngest', () => {
  test("the answer to Chromium's simulcast has all that the publisher needs to hear", () => {
    const negotiation = negotiateIngest(readSdp(simulcast));
    const shared = [
      'a=ice-ufrag:ours',
      'a=ice-pwd:ourPasswordIsThisLong22',
      `a=fingerprint:sha-256 ${DIGEST}`,
      'a=setup:passive',
    ];
    expect(negotiation.answer(transport).split('\r\n')).toEqual([
      'v=0',
      'o=rtc 1 0 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'a=group:BUNDLE 0 1',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'c=IN IP4 0.0.0.0',
      'a=rtcp:9 IN IP4 0.0.0.0',
      'a=candidate:1 1 udp 2130706431 192.0.2.10 8189 typ host',
      'a=candidate:2 1 udp 2130706175 127.0.0.1 8189 typ host',
      'a=end-of-candidates',
      ...shared,
      'a=mid:0',
      'a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
      'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=recvonly',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      'a=rtpmap:111 opus/48000/2',
      'a=rtcp-fb:111 transport-cc',
      'a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=128000',
      'm=video 9 UDP/TLS/RTP/SAVPF 108 109',
      'c=IN IP4 0.0.0.0',
      'a=rtcp:9 IN IP4 0.0.0.0',
      ...shared,
      'a=mid:1',
      'a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01',
      'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
      'a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id',
      'a=recvonly',
      'a=rtcp-mux',
      'a=rtcp-rsize',
      'a=rtpmap:108 H264/90000',
      'a=rtcp-fb:108 nack',
      'a=rtcp-fb:108 nack pli',
      'a=rtcp-fb:108 ccm fir',
      'a=rtcp-fb:108 transport-cc',
      'a=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e02a;x-google-start-bitrate=2000',
      'a=rtpmap:109 rtx/90000',
      'a=fmtp:109 apt=108',
      'a=rid:h recv',
      'a=rid:m recv',
      'a=rid:l recv',
      'a=simulcast:recv h;m;l',
      '',
    ]);
  });

  test('the child learns payload types, header extensions and layers', () => {
    const { video, audio } = negotiateIngest(readSdp(simulcast));
    expect(video).toMatchObject({
      codec: 'h264',
      payloadType: 108,
      rtxPayloadType: 109,
      clockRate: 90_000,
      mid: '1',
      extensionIds: { transportCc: 3, mid: 4, rid: 10, repairedRid: 11 },
      rids: ['h', 'm', 'l'],
      feedback: ['nack', 'nack pli', 'ccm fir', 'transport-cc'],
    });
    expect(audio).toMatchObject({
      codec: 'opus',
      payloadType: 111,
      extensionIds: { transportCc: 3, mid: 4 },
    });

    expect(negotiateIngest(readSdp(plain)).video?.rids).toEqual([]);
  });

  test('the native library gets the video section alone: no candidates, no rids, and a peer that opens DTLS', () => {
    const offer = readSdp(simulcast);
    const { nativeOffer } = negotiateIngest(offer);
    const native = readSdp(nativeOffer);
    expect(nativeOffer).not.toMatch(/candidate|a=rid|simulcast/);
    expect(native.media).toHaveLength(1);
    expect(native.media[0]).toMatchObject({
      kind: 'video',
      mid: '1',
      formats: ['108', '109'],
      setup: 'active',
    });
    // With max-bundle only the first section has a transport of its own.
    expect(native.media[0]?.iceUfrag).toBe(offer.media[0]?.iceUfrag);
    expect(native.media[0]?.fingerprint).toEqual(offer.media[0]?.fingerprint);
  });

  test('a publisher without a picture is heard', () => {
    const soundOnly = plain.slice(0, plain.indexOf('m=video')).replace('BUNDLE 0 1', 'BUNDLE 0');
    const negotiation = negotiateIngest(readSdp(soundOnly));
    expect(negotiation.video).toBeUndefined();
    expect(readSdp(negotiation.nativeOffer).media[0]?.kind).toBe('audio');
    expect(readSdp(negotiation.answer(transport)).media.map(({ kind }) => kind)).toEqual(['audio']);
  });

  test('a data channel beside the media is answered with port 0 and leaves the group', () => {
    const answer = readSdp(negotiateIngest(readSdp(offerText('chromium-sendrecv-data'))).answer(transport));
    expect(answer.media.map(({ kind, port, direction }) => [kind, port, direction])).toEqual([
      ['audio', 9, 'recvonly'],
      ['video', 9, 'recvonly'],
      ['application', 0, 'inactive'],
    ]);
    expect(answer.bundle).toEqual(['0', '1']);
  });

  test('a bundle-only section counts although its port is 0; one that is refused does not', () => {
    const bundleOnly = plain.replace(/m=video \d+ (.*)\r\n/, 'm=video 0 $1\r\na=bundle-only\r\n');
    const negotiation = negotiateIngest(readSdp(bundleOnly));
    expect(negotiation.video?.payloadType).toBe(108);
    expect(readSdp(negotiation.nativeOffer).media[0]).toMatchObject({ port: 9, bundleOnly: false });
    expect(readSdp(negotiation.answer(transport)).media[1]).toMatchObject({ port: 9, bundleOnly: false });
    const refused = negotiateIngest(readSdp(plain.replace(/m=video \d+ /, 'm=video 0 ')));
    expect(refused.video).toBeUndefined();
    expect(readSdp(refused.answer(transport)).bundle).toEqual(['0']);
  });

  test('sound is sent again too when the publisher can', () => {
    const text = plain.replace(
      'a=rtcp-fb:111 transport-cc',
      'a=rtcp-fb:111 transport-cc\r\na=rtcp-fb:111 nack',
    );
    expect(negotiateIngest(readSdp(text)).audio?.feedback).toEqual(['nack', 'transport-cc']);
  });

  test('OBS Studio is answered without what it did not offer', () => {
    const negotiation = negotiateIngest(readSdp(offerText('libdatachannel-sendonly')));
    expect(negotiation.video).toMatchObject({ codec: 'h264', payloadType: 96, extensionIds: {} });
    expect(negotiation.video?.feedback).toEqual(['nack', 'nack pli']);
    expect(negotiation.video?.rtxPayloadType).toBeUndefined();
    expect(negotiation.answer(transport)).not.toMatch(/extmap|transport-cc|ccm fir/);
  });
});

describe('the codec of the picture', () => {
  /** An offer with these payload types, each given as [rtpmap, fmtp]. */
  function choice(...formats: readonly (readonly [string, string?])[]): {
    codec?: string;
    payloadType?: number;
  } {
    const head = plain.slice(0, plain.indexOf('m=video'));
    const types = formats.map((_, i) => 96 + i);
    const lines = formats.flatMap(([map, fmtp], i) => [
      `a=rtpmap:${96 + i} ${map}`,
      ...(fmtp === undefined ? [] : [`a=fmtp:${96 + i} ${fmtp}`]),
    ]);
    const video = [
      `m=video 9 UDP/TLS/RTP/SAVPF ${types.join(' ')}`,
      'a=mid:1',
      'a=sendonly',
      'a=rtcp-mux',
      ...lines,
    ];
    return negotiateIngest(readSdp(`${head}${video.join('\r\n')}\r\n`)).video ?? {};
  }
  const h264 = (profileLevelId: string, mode = 1): readonly [string, string] => [
    'H264/90000',
    `profile-level-id=${profileLevelId};packetization-mode=${mode}`,
  ];

  test.each([
    ['H.264 rather than VP8', [['VP8/90000'], h264('42e01f')], 97],
    ['constrained baseline rather than baseline', [h264('42001f'), h264('42e01f')], 97],
    ['baseline rather than main and high', [h264('64001f'), h264('4d001f'), h264('42001f')], 98],
    ['packetization-mode 1 rather than a plainer profile', [h264('42e01f', 0), h264('64001f')], 97],
    ['any profile rather than VP8', [['VP8/90000'], h264('f4001f')], 97],
    ['mode 0 rather than VP8', [['VP8/90000'], h264('42e01f', 0)], 97],
    ['VP8 rather than interleaved H.264', [h264('42e01f', 2), ['VP8/90000']], 97],
    ['VP8 rather than VP9 and AV1', [['VP9/90000'], ['AV1/90000'], ['VP8/90000']], 98],
    ['an H.264 without parameters, in mode 0', [['h264/90000']], 96],
  ] as const)('%s', (_what, formats, payloadType) => {
    expect(choice(...formats).payloadType).toBe(payloadType);
  });

  test('payload types that look like RTCP are not taken (RFC 5761 §4)', () => {
    expect(negotiateIngest(readSdp(plain)).video).toMatchObject({ codec: 'h264', payloadType: 108 });
    const renumbered = plain.replace(/^(m=video.*) 108 /m, '$1 72 ').replaceAll(/:108 /g, ':72 ');
    expect(readSdp(renumbered).media[1]?.payloadTypes).toContain(72);
    const { video } = negotiateIngest(readSdp(renumbered));
    expect(video?.codec).toBe('h264');
    expect(video?.payloadType).not.toBe(72);
  });

  test('the level stays as offered when the publisher does not allow asymmetry', () => {
    const text = plain.replaceAll('level-asymmetry-allowed=1;', '');
    const answer = negotiateIngest(readSdp(text)).answer(transport);
    expect(answer).toContain(
      'a=fmtp:108 packetization-mode=1;profile-level-id=42e01f;x-google-start-bitrate=2000',
    );
  });
});

describe('negotiateIngest refuses, in words', () => {
  const video = plain.slice(plain.indexOf('m=video'));
  const lastMid = (text: string, mid: string): string => text.replace('a=mid:1', `a=mid:${mid}`);

  test.each([
    [
      'two pictures',
      plain + lastMid(video, '2'),
      '2 video sections: one audio and one video section are taken',
    ],
    [
      'nothing sent',
      plain.replaceAll('a=sendonly', 'a=recvonly'),
      'no audio or video section that is sendonly or sendrecv',
    ],
    ['a data channel alone', offerText('chromium-data'), 'offered: application sendrecv'],
    [
      'no codec of ours',
      without(plain, /H264|VP8/),
      "neither H.264 nor VP8 among the picture's codecs: rtx, AV1, VP9",
    ],
    [
      'no BUNDLE',
      without(plain, /^a=group/),
      'audio and video must be in one BUNDLE group; audio is in none',
    ],
    ['no rtcp-mux', without(plain, /^a=rtcp-mux/), 'audio without a=rtcp-mux'],
    ['no fingerprint', without(plain, /^a=fingerprint/), 'no a=fingerprint'],
    ['no ICE', without(plain, /^a=ice-ufrag/), 'no a=ice-ufrag and a=ice-pwd'],
    [
      'a client that does no DTLS',
      plain.replaceAll('actpass', 'holdconn'),
      'a=setup:holdconn: actpass, active or passive is needed',
    ],
    [
      'media in the clear',
      plain.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP'),
      'audio over RTP/AVP: UDP/TLS/RTP/SAVPF is needed',
    ],
  ])('%s', (_what, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  test('a sound without Opus, with a picture and without: a publisher would be mute and not know (RFC 9725 §4.4)', () => {
    const muted = plain.replace(/m=audio (\d+) .*/, 'm=audio $1 UDP/TLS/RTP/SAVPF 9 0');
    expect(refusal(muted)).toContain("no Opus among the sound's codecs: G722, PCMU");
    const alone = muted.slice(0, muted.indexOf('m=video')).replace('BUNDLE 0 1', 'BUNDLE 0');
    expect(refusal(alone)).toContain("no Opus among the sound's codecs: G722, PCMU");
    expect(refusal(without(muted, /PCMU/))).toContain('G722, payload type 0');
  });

  test('one section that sends and one that only receives; an inactive one is left out', () => {
    const [head, tail] = [plain.slice(0, plain.indexOf('m=video')), video];
    expect(refusal(head + tail.replace('a=sendonly', 'a=recvonly'))).toBe(
      'video is recvonly: what a publisher offers must be sendonly or sendrecv',
    );
    expect(refusal(head.replace('a=sendonly', 'a=recvonly') + tail)).toContain('audio is recvonly');
    const inactive = negotiateIngest(readSdp(head.replace('a=sendonly', 'a=inactive') + tail));
    expect([inactive.audio, inactive.video?.codec]).toEqual([undefined, 'h264']);
    const closed = head.replace('a=sendonly', 'a=recvonly').replace(/m=audio \d+/, 'm=audio 0');
    expect(negotiateIngest(readSdp(closed + tail)).video?.codec).toBe('h264');
  });

  test('tracks of two MediaStreams; those that name none, or the same, are taken', () => {
    const named = (audio: string, picture: string): string =>
      plain.replace(/a=msid:\S+/, audio).replace(/(m=video[^]*?)a=msid:\S+/, `$1${picture}`);
    expect(refusal(named('a=msid:one', 'a=msid:two'))).toBe(
      "a=msid names the MediaStreams 'one' and 'two': all tracks must be in one",
    );
    for (const [audio, picture] of [
      ['a=msid:one', 'a=msid:one'],
      ['a=msid:-', 'a=msid:-'],
      ['a=msid:one', 'a=msid:-'],
    ] as const)
      expect(negotiateIngest(readSdp(named(audio, picture))).audio?.codec).toBe('opus');
    expect(negotiateIngest(readSdp(without(plain, /^a=msid:/))).audio?.codec).toBe('opus');
  });
});

describe('readAnswerTransport', () => {
  test("takes ICE and DTLS out of the native library's own description", () => {
    const own = offerText('libdatachannel-sendonly');
    expect(readAnswerTransport(own, transport.candidates)).toMatchObject({
      origin: 'rtc 622544424 0 IN IP4 127.0.0.1',
      iceUfrag: 'Ic66',
      icePwd: 'FDBlxgfjGf5JCWZUc+H2WI',
      candidates: transport.candidates,
    });
    expect(() => readAnswerTransport('v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n', [])).toThrow(
      'without ICE and DTLS',
    );
  });
});

import { describe, expect, test } from 'vitest';
import { readSdp } from './read-sdp.ts';
import { OfferRefusedError, SdpError } from './sdp-error.ts';
import { SDP_LIMITS } from './sdp-limits.ts';
import { OFFERS, offerText } from './testing/offers.ts';
import { writeSdp } from './write-sdp.ts';

const START = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0'];
const PWD = 'abcdefghijklmnopqrstuv';
const DIGEST = Array.from({ length: 32 }, (_, i) => (i + 160).toString(16)).join(':');

function sdp(...lines: string[]): string {
  return [...START, ...lines, ''].join('\r\n');
}

function videoSection(...lines: string[]): ReturnType<typeof readSdp>['media'][number] {
  const [section] = readSdp(sdp('m=video 9 UDP/TLS/RTP/SAVPF 96', ...lines)).media;
  if (section === undefined) throw new Error('no section');
  return section;
}

function errorOf(text: string): SdpError {
  try {
    readSdp(text);
  } catch (error) {
    if (error instanceof SdpError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('readSdp', () => {
  test('an offer of Chromium is read whole', () => {
    const offer = readSdp(offerText('chromium-sendonly'));
    expect(offer.bundle).toEqual(['0', '1']);
    expect(offer.media.map(({ kind, mid, direction }) => [kind, mid, direction])).toEqual([
      ['audio', '0', 'sendonly'],
      ['video', '1', 'sendonly'],
    ]);
    const video = offer.media[1];
    expect(video?.rtpMaps.get(108)).toEqual({ encoding: 'H264', clockRate: 90_000 });
    expect(video?.formatParameters.get(109)).toBe('apt=108');
    expect(
      video?.rtcpFeedback.filter(({ payloadType }) => payloadType === 108).map(({ kind }) => kind),
    ).toEqual(['goog-remb', 'transport-cc', 'ccm fir', 'nack', 'nack pli']);
    expect(video?.extensions).toContainEqual({ id: 4, uri: 'urn:ietf:params:rtp-hdrext:sdes:mid' });
    expect(video?.setup).toBe('actpass');
    expect(video?.fingerprint?.algorithm).toBe('sha-256');
    expect(video?.ssrcGroups[0]?.semantics).toBe('FID');
    expect(offer.media[0]?.rtpMaps.get(111)).toEqual({ encoding: 'opus', clockRate: 48_000, channels: 2 });
    // max-bundle: the candidates stand in the first section.
    expect(offer.media[0]?.candidates.map(({ transport, type }) => `${transport} ${type}`)).toEqual([
      'udp host',
      'udp host',
      'tcp host',
      'tcp host',
    ]);
  });

  test('rids and simulcast layers are read in order', () => {
    const video = readSdp(offerText('chromium-simulcast')).media[1];
    expect(video?.rids.map(({ id, direction }) => `${id} ${direction}`)).toEqual([
      'h send',
      'm send',
      'l send',
    ]);
    expect(video?.simulcast?.send.map(({ rids }) => rids)).toEqual([['h'], ['m'], ['l']]);
    expect(video?.simulcast?.recv).toEqual([]);
    expect(videoSection('a=simulcast:send h,k;~l recv x').simulcast).toEqual({
      send: [
        { rids: ['h', 'k'], paused: false },
        { rids: ['l'], paused: true },
      ],
      recv: [{ rids: ['x'], paused: false }],
    });
  });

  test('what the session says holds for sections that do not say it themselves', () => {
    const offer = readSdp(offerText('libdatachannel-sendonly'));
    expect(offer.media.map(({ fingerprint }) => fingerprint?.value.slice(0, 8))).toEqual([
      '97:7E:C8',
      '97:7E:C8',
    ]);
    const [own] = readSdp(
      sdp('a=setup:active', 'a=sendonly', 'm=audio 9 RTP/SAVPF 0', 'a=setup:passive', 'a=recvonly'),
    ).media;
    expect([own?.setup, own?.direction]).toEqual(['passive', 'recvonly']);
  });

  test('lines may end in LF alone', () => {
    const text = offerText('chromium-sendonly');
    expect(readSdp(text.replaceAll('\r\n', '\n'))).toEqual(readSdp(text));
  });

  test('unknown attributes are kept, unknown lines are passed over', () => {
    const section = videoSection('b=AS:2500', 'a=x-ours:1', 'a=flag');
    expect(section.attributes).toEqual([{ name: 'x-ours', value: '1' }, { name: 'flag' }]);
  });

  test.each(OFFERS)('%s is written so that it reads the same', (name) => {
    const description = readSdp(offerText(name));
    expect(readSdp(writeSdp(description))).toEqual(description);
  });

  test('no line of an offer is lost in writing, but for addresses that nobody uses', () => {
    const lines = (text: string): Set<string> => new Set(text.trim().split('\r\n'));
    const text = offerText('chromium-simulcast');
    const written = lines(writeSdp(readSdp(text)));
    expect([...lines(text)].filter((line) => !written.has(line))).toEqual(['c=IN IP4 192.0.2.2']);
  });
});

describe('readSdp refuses, with the line and the value', () => {
  test.each([
    ['no version', 'o=- 1 2 IN IP4 127.0.0.1\r\n', "line 1: 'o=- 1 2 IN IP4 127.0.0.1' where v=0 belongs"],
    ['nothing', '', "line 1: '' where v=0 belongs"],
    ['no origin', 'v=0\r\ns=-\r\n', 'no o= line'],
    ['a line of words', sdp('hello'), "line 5: 'hello' is not <letter>=<value>"],
    ['an attribute without a name', sdp('a=:x'), "line 5: '' is not an attribute name"],
    ['a control character', sdp('a=x:\u0000'), 'control character 0 at 47'],
    ['a carriage return inside a line', sdp('a=x:1\ra=y'), 'line 5: a carriage return inside a line'],
    ['a port too high', sdp('m=video 65536 RTP/SAVPF 96'), "line 5: m= cannot be 'video 65536 RTP/SAVPF 96'"],
    ['no formats', sdp('m=video 9 RTP/SAVPF'), "line 5: m= cannot be 'video 9 RTP/SAVPF'"],
    ['a payload type too high', sdp('m=video 9 RTP/SAVPF 128'), "line 5: '128' is not a payload type"],
    ['a payload type twice', sdp('m=video 9 RTP/SAVPF 96 96'), 'line 5: a payload type stands twice'],
    ['a BUNDLE of nobody', sdp('a=group:BUNDLE 7'), "BUNDLE names '7', which no media section has"],
  ])('%s', (_what, text, message) => {
    expect(errorOf(text).message).toContain(message);
  });

  test.each([
    'a=rtpmap:96 H264/0',
    'a=rtpmap:96',
    'a=rtpmap:x H264/90000',
    'a=rtpmap:96 opus/48000/0',
    'a=fmtp:200 x',
    'a=rtcp-fb:96',
    'a=rtcp-fb:300 nack',
    'a=extmap:0 urn:x',
    'a=extmap:256 urn:x',
    'a=extmap:1/both urn:x',
    'a=extmap:1',
    'a=rid:a b',
    'a=rid:? send',
    `a=rid:${'r'.repeat(17)} send`,
    `a=simulcast:send ${'r'.repeat(17)}`,
    'a=simulcast:send',
    'a=simulcast:up h',
    'a=simulcast:send h send l',
    'a=simulcast:send h;',
    'a=ssrc:4294967296 cname:x',
    'a=ssrc:-1 cname:x',
    'a=ssrc:1',
    'a=ssrc-group:FID x',
    'a=ice-ufrag:abc',
    'a=ice-pwd:short',
    'a=setup:maybe',
    'a=mid:a b',
    'a=fingerprint:sha-1 00:11',
    'a=fingerprint:sha-256 00:11',
    'a=candidate:1 1 udp 1 127.0.0.1 70000 typ host',
    'a=candidate:1 1 udp 1 127.0.0.1',
    'a=candidate:1 0 udp 1 127.0.0.1 1 typ host',
    'a=candidate:1 1 udp 99999999999 127.0.0.1 1 typ host',
    'a=candidate:1 1 udp 1 "x" 1 typ host',
  ])('%s', (line) => {
    const error = errorOf(sdp('m=video 9 UDP/TLS/RTP/SAVPF 96', line));
    expect(error.line).toBe(6);
    expect(error).not.toBeInstanceOf(OfferRefusedError);
  });

  test.each([
    ['mids', ['m=video 9 RTP/SAVPF 96', 'a=mid:0', 'm=audio 9 RTP/SAVPF 0', 'a=mid:0'], "the mid '0'"],
    ['extension ids', ['m=video 9 RTP/SAVPF 96', 'a=extmap:1 urn:a', 'a=extmap:1 urn:b'], 'the id 1'],
    ['rids', ['m=video 9 RTP/SAVPF 96', 'a=rid:h send', 'a=rid:h send'], "rids 'h'"],
  ])('two equal %s', (_what, lines, message) => {
    expect(errorOf(sdp(...lines)).message).toContain(message);
  });
});

describe('limits of readSdp', () => {
  test('as many characters, lines and sections as allowed are read; one more is refused', () => {
    const room = SDP_LIMITS.length - sdp('a=x:').length;
    expect(readSdp(sdp(`a=x:${'y'.repeat(room)}`)).attributes).toHaveLength(1);
    expect(errorOf(sdp(`a=x:${'y'.repeat(room + 1)}`)).message).toBe('65537 characters, 65536 allowed');

    const lines = Array.from({ length: SDP_LIMITS.lines - START.length }, () => 'a=x');
    expect(readSdp(sdp(...lines)).attributes).toHaveLength(lines.length);
    expect(errorOf(sdp(...lines, 'a=x')).message).toBe('more than 2000 lines');

    const blank = ['', '', '', 'a=y'];
    expect(errorOf(sdp(...lines, ...blank)).message).toBe('more than 2000 lines');

    const sections = Array.from({ length: SDP_LIMITS.sections }, () => 'm=video 9 RTP/SAVPF 96');
    expect(readSdp(sdp(...sections)).media).toHaveLength(10);
    expect(errorOf(sdp(...sections, 'm=audio 9 RTP/SAVPF 0')).message).toBe(
      'line 15: more than 10 media sections',
    );
  });

  test('of more than 20 candidates the first 20 are kept', () => {
    const candidates = Array.from(
      { length: 30 },
      (_, i) => `a=candidate:${i} 1 udp 5 192.0.2.1 ${i + 1} typ host`,
    );
    const kept = videoSection(...candidates).candidates;
    expect(kept).toHaveLength(20);
    expect(kept.at(-1)?.port).toBe(20);
    expect(() => videoSection(...candidates, 'a=candidate:x')).toThrow(SdpError);
  });

  test('more than 16 rids are refused', () => {
    const rids = Array.from({ length: 17 }, (_, i) => `a=rid:r${i} send`);
    expect(videoSection(...rids.slice(1)).rids).toHaveLength(16);
    expect(errorOf(sdp('m=video 9 RTP/SAVPF 96', ...rids)).message).toContain('more than 16 rids');
  });
});

describe('writeSdp', () => {
  test('a value with a line break in it is not written', () => {
    const description = readSdp(
      sdp('m=video 9 UDP/TLS/RTP/SAVPF 96', `a=ice-ufrag:abcd`, `a=ice-pwd:${PWD}`),
    );
    expect(() => writeSdp({ ...description, sessionName: 'x\r\na=sendonly' })).toThrow(SdpError);
  });

  test('fingerprints are compared in upper case', () => {
    const lower = videoSection(`a=fingerprint:SHA-256 ${DIGEST}`).fingerprint;
    expect(lower).toEqual({ algorithm: 'sha-256', value: DIGEST.toUpperCase() });
  });
});

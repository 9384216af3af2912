import { describe, expect, test } from 'vitest';
import { askForStereo, preferH264 } from './whep-offer.ts';

const offer = [
  'm=audio 9 UDP/TLS/RTP/SAVPF 111 63 0',
  'a=rtpmap:111 opus/48000/2',
  'a=fmtp:111 minptime=10;useinbandfec=1',
  'a=rtpmap:63 red/48000/2',
  'a=fmtp:63 111/111',
  'm=video 9 UDP/TLS/RTP/SAVPF 102',
  'a=rtpmap:102 H264/90000',
  'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f',
  '',
].join('\r\n');

describe('askForStereo', () => {
  test('adds stereo=1 to Opus, and touches nothing else', () => {
    expect(askForStereo(offer)).toBe(offer.replace('useinbandfec=1', 'useinbandfec=1;stereo=1'));
  });

  test('asks once', () => {
    expect(askForStereo(askForStereo(offer))).toBe(askForStereo(offer));
  });

  test('sprop-stereo is about sending, and does not count as asked', () => {
    const sprop = offer.replace('useinbandfec=1', 'sprop-stereo=1');
    expect(askForStereo(sprop)).toContain('sprop-stereo=1;stereo=1');
  });
});

describe('preferH264', () => {
  test('puts H.264 first and keeps the order of the rest', () => {
    const codecs = ['video/VP8', 'video/rtx', 'video/H264', 'video/AV1', 'video/h264'].map((mimeType) => ({
      mimeType,
    }));
    expect(preferH264(codecs).map(({ mimeType }) => mimeType)).toEqual([
      'video/H264',
      'video/h264',
      'video/VP8',
      'video/rtx',
      'video/AV1',
    ]);
  });
});

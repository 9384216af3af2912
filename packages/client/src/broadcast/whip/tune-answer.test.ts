import { expect, test } from 'vitest';
import { tuneAnswer } from './tune-answer.ts';

const tuning = { audioBitrateBps: 128_000, startBitrateBps: 2_000_000 };

function answer(...lines: string[]): string {
  return ['v=0', ...lines, ''].join('\r\n');
}

test('Opus is asked for in stereo, and without pauses', () => {
  const tuned = tuneAnswer(answer('a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10'), tuning);
  expect(tuned).toContain(
    'a=fmtp:111 minptime=10;stereo=1;maxaveragebitrate=128000;useinbandfec=1;usedtx=0\r\n',
  );
});

test('a codec without parameters gets a line of its own, behind its rtpmap', () => {
  expect(tuneAnswer(answer('a=rtpmap:96 VP8/90000', 'a=sendrecv'), tuning)).toBe(
    answer('a=rtpmap:96 VP8/90000', 'a=fmtp:96 x-google-start-bitrate=2000', 'a=sendrecv'),
  );
});

test('what the server says itself stays', () => {
  const given = answer(
    'a=rtpmap:102 H264/90000',
    'a=fmtp:102 packetization-mode=1;x-google-start-bitrate=800',
  );
  expect(tuneAnswer(given, tuning)).toBe(given);
  expect(
    tuneAnswer(answer('a=rtpmap:0 PCMU/8000', 'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96'), tuning),
  ).toBe(answer('a=rtpmap:0 PCMU/8000', 'a=rtpmap:97 rtx/90000', 'a=fmtp:97 apt=96'));
});

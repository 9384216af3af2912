import { expect, test } from 'vitest';
import { inPreferredOrder } from './codec-order.ts';

test('H.264 in constrained baseline leads, VP8 follows, the rest keeps its order', () => {
  const h264 = (mode: number, profile: string) => ({
    mimeType: 'video/H264',
    sdpFmtpLine: `level-asymmetry-allowed=1;packetization-mode=${String(mode)};profile-level-id=${profile}`,
  });
  const ordered = inPreferredOrder([
    { mimeType: 'video/VP8' },
    { mimeType: 'video/rtx' },
    { mimeType: 'video/VP9' },
    h264(1, '64001f'),
    h264(0, '42e01f'),
    h264(1, '42001f'),
    h264(1, '42e01f'),
    { mimeType: 'video/AV1' },
    { mimeType: 'video/red' },
  ]);
  expect(ordered).toEqual([
    h264(1, '42e01f'),
    h264(1, '42001f'),
    h264(1, '64001f'),
    h264(0, '42e01f'),
    { mimeType: 'video/VP8' },
    { mimeType: 'video/VP9' },
    { mimeType: 'video/AV1' },
    { mimeType: 'video/rtx' },
    { mimeType: 'video/red' },
  ]);
});

import type { StreamAnalytics } from '@tallylight/protocol/entities/analytics.ts';
import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Product } from '../../../../../tests/support/product.ts';
import { FfmpegPublisher, patternArgs } from '../../../../../tests/support/publisher.ts';
import { waitFor } from '../../../../../tests/support/wait-for.ts';

let product: Product;
beforeAll(async () => {
  product = await Product.start();
});
afterAll(() => product.stop());

test('a stream that FFmpeg publishes by RTMP is measured, and so is who watches it', async () => {
  const owner = await product.signUp('Ada');
  const stream = await owner.stream();
  const path = `/api/streams/${stream.id}`;
  const samples = async (): Promise<readonly StreamQualityMetrics[]> => {
    const { metrics } = await owner.must('GET', `${path}/metrics`);
    return metrics as readonly StreamQualityMetrics[];
  };
  const pattern = { size: '640x360', fps: 25, bitrate: '800k' };
  const publisher = FfmpegPublisher.start(
    patternArgs(`${product.server.rtmpUrl}/${stream.streamKey}`, pattern),
  );
  try {
    await waitFor('it is live', async () => (await owner.must('GET', path))['status'] === 'live', 20_000);
    const sessionId = 'a-player-of-this-test';
    const viewer = `${product.server.url}${path}/viewers`;
    const headers = { 'content-type': 'application/json' };
    const opened = await fetch(viewer, { method: 'POST', headers, body: JSON.stringify({ sessionId }) });
    const { secret } = (await opened.json()) as { secret: string };
    const body = JSON.stringify({ secret, transport: 'hls', latencyMs: 1500 });
    const beat = async (): Promise<number> =>
      (await fetch(`${viewer}/${sessionId}`, { method: 'PATCH', headers, body })).status;
    const isMeasured = async (): Promise<boolean> => {
      expect(await beat()).toBe(200);
      return (await samples()).length >= 3;
    };
    await waitFor('two whole samples', isMeasured, 60_000, 500);

    const newest = (await samples())[0];
    expect(newest).toMatchObject({
      ...{ streamId: stream.id, resolution: '640x360', currentViewerCount: 1, droppedFrames: 0 },
    });
    // 800 kbit/s of pictures at most, 128 of sound, 25 pictures a second; FFmpeg may be late and catch up.
    expect(newest?.fps).toBeGreaterThan(15);
    expect(newest?.fps).toBeLessThan(40);
    expect(newest?.bitrateKbps).toBeGreaterThan(300);
    expect(newest?.bitrateKbps).toBeLessThan(1600);
    expect(newest?.healthScore).toBeGreaterThan(0);

    const withCounts = async (): Promise<boolean> =>
      (await owner.must('GET', path))['currentViewerCount'] === 1;
    await waitFor('the count is written', withCounts, 10_000, 250);
    const { analytics } = (await owner.must('GET', `${path}/analytics`)) as { analytics: StreamAnalytics };
    expect(analytics.viewers).toMatchObject({ current: 1, peak: 1, total: 1, uniqueViewers: 1 });
    expect(analytics.viewers?.averageWatchDuration).toBeGreaterThan(0);
    expect(analytics.quality?.resolution).toBe('640x360');
  } finally {
    await publisher.stop();
  }
}, 120_000);

import { expect, test } from 'vitest';
import { connectCycles } from '../../packages/server/src/rtc-worker/testing/connect-cycles.ts';
import { PublishingBrowser } from '../../packages/server/src/rtc-worker/testing/publishing-browser.ts';
import { startWorker } from '../../packages/server/src/rtc-worker/testing/worker-harness.ts';

test('200 publishers that come and go leave memory, descriptors and threads of the WebRTC child as they were', async () => {
  const browser = await PublishingBrowser.open();
  const harness = await startWorker();
  const pid = harness.worker.pid;
  const after = await connectCycles(browser, harness, 200);
  const [early, late] = [after[39], after[199]];
  expect(harness.worker.pid, 'it was never started anew').toBe(pid);
  expect((late?.descriptors ?? 0) - (early?.descriptors ?? 0)).toBeLessThanOrEqual(2);
  expect((late?.threads ?? 0) - (early?.threads ?? 0)).toBeLessThanOrEqual(2);
  expect((late?.rssKb ?? 0) - (early?.rssKb ?? 0)).toBeLessThan(20_000);
  await browser.close();
  await harness.close();
});

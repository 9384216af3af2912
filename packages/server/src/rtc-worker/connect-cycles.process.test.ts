import { expect, test } from 'vitest';
import { connectCycles } from './testing/connect-cycles.ts';
import { PublishingBrowser } from './testing/publishing-browser.ts';
import { startWorker } from './testing/worker-harness.ts';

test('after 30 publishers have come and gone the child holds what it held after ten', async () => {
  const browser = await PublishingBrowser.open();
  const harness = await startWorker();
  const after = await connectCycles(browser, harness, 30);
  const [early, late] = [after[9]?.child, after[29]?.child];
  expect(harness.worker.up).toBe(true);
  expect((late?.descriptors ?? 0) - (early?.descriptors ?? 0)).toBeLessThanOrEqual(2);
  expect((late?.threads ?? 0) - (early?.threads ?? 0)).toBeLessThanOrEqual(2);
  expect((late?.rssKb ?? 0) - (early?.rssKb ?? 0)).toBeLessThan(15_000);
  await browser.close();
  await harness.close();
});

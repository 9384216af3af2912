import { expect, test } from 'vitest';
import { fuzzDatagrams } from './testing/fuzz-datagrams.ts';
import { PublishingBrowser } from './testing/publishing-browser.ts';
import { startWorker } from './testing/worker-harness.ts';

const COUNT = 50_000;

test(`${COUNT} altered datagrams, half of them on its own path, leave a publisher undisturbed`, async () => {
  const browser = await PublishingBrowser.open();
  const harness = await startWorker({ advertisedAddresses: ['127.0.0.1'] });
  const fuzz = await fuzzDatagrams(browser, harness, { seed: 24, count: COUNT });
  expect(fuzz).toMatchObject({ closed: [], survived: true });
  expect(fuzz.pictures).toBeGreaterThan(30);
  expect(fuzz.unread, 'they are read').toBeLessThan(COUNT / 20);
  expect(fuzz.grownKb).toBeLessThan(30_000);
  await browser.close();
  await harness.close();
});

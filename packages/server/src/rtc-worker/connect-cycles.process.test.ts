import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectCycles, probeCycles, type Resources, viewerCycles } from './testing/connect-cycles.ts';
import { PublishingBrowser } from './testing/publishing-browser.ts';
import { startWorker } from './testing/worker-harness.ts';

let browser: PublishingBrowser;

beforeAll(async () => {
  browser = await PublishingBrowser.open();
});

afterAll(() => browser?.close());

test.each([
  ['publishers', connectCycles],
  ['viewers', viewerCycles],
  ['probes', probeCycles],
])('after 30 %s have come and gone the child holds what it held after ten', async (_who, cycles) => {
  const harness = await startWorker();
  const after = await cycles(browser, harness, 30);
  const grown = (process: keyof Resources, what: keyof Resources['child']): number =>
    (after[29]?.[process][what] ?? Number.NaN) - (after[9]?.[process][what] ?? Number.NaN);
  expect(harness.worker.up).toBe(true);
  expect(grown('child', 'descriptors')).toBeLessThanOrEqual(2);
  expect(grown('child', 'threads')).toBeLessThanOrEqual(2);
  expect(grown('child', 'rssKb')).toBeLessThan(15_000);
  // The server's process, which is this one here.
  expect(grown('server', 'threads')).toBeLessThanOrEqual(2);
  await harness.close();
});

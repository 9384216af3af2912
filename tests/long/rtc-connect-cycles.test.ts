import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  connectCycles,
  probeCycles,
  type Resources,
  viewerCycles,
} from '../../packages/server/src/rtc-worker/testing/connect-cycles.ts';
import { PublishingBrowser } from '../../packages/server/src/rtc-worker/testing/publishing-browser.ts';
import {
  startWorker,
  type WorkerHarness,
} from '../../packages/server/src/rtc-worker/testing/worker-harness.ts';

const CYCLES = 200;
/** What comes before fills pools and caches. */
const WARM = 39;

let browser: PublishingBrowser;
let harness: WorkerHarness;

beforeAll(async () => {
  browser = await PublishingBrowser.open();
});

afterAll(() => browser?.close());

beforeEach(async () => {
  harness = await startWorker();
});

afterEach(() => harness?.close());

test.each([
  ['publishers', connectCycles],
  ['viewers', viewerCycles],
  ['probes', probeCycles],
])('200 %s that come and go leave memory, descriptors and threads as they were', async (_who, cycles) => {
  const pid = harness.worker.pid;
  const after = await cycles(browser, harness, CYCLES);
  expect(harness.worker.pid, 'the child was never started anew').toBe(pid);
  const grown = (process: keyof Resources, what: keyof Resources['child']): number =>
    (after[CYCLES - 1]?.[process][what] ?? Number.NaN) - (after[WARM]?.[process][what] ?? Number.NaN);
  expect(grown('child', 'descriptors')).toBeLessThanOrEqual(2);
  expect(grown('child', 'threads')).toBeLessThanOrEqual(2);
  expect(grown('child', 'rssKb')).toBeLessThan(20_000);
  // The process of the server, which is this one here, with its test runner and its browser's driver.
  expect(grown('server', 'descriptors')).toBeLessThanOrEqual(4);
  expect(grown('server', 'threads')).toBeLessThanOrEqual(2);
  expect(grown('server', 'rssKb')).toBeLessThan(60_000);
});

import { waitFor } from '../../../../../tests/support/wait-for.ts';
import type { PublishingBrowser } from './publishing-browser.ts';
import { publish, resourcesOf, type WorkerHarness } from './worker-harness.ts';

/** What a process held at some time. */
export type Resources = ReturnType<typeof resourcesOf>;

/** Publishes and leaves `count` times, and gives what the child held after each time. */
export async function connectCycles(
  browser: PublishingBrowser,
  { worker }: WorkerHarness,
  count: number,
): Promise<readonly Resources[]> {
  const pid = worker.pid ?? 0;
  const page = await browser.newPage();
  const after: Resources[] = [];
  for (let i = 0; i < count; i++) {
    const { session, recording } = await publish(worker, page, { width: 320, height: 180 });
    await waitFor('a picture', () => recording.of('video').length > 0, 15_000, 10);
    // Both ends may be the first to leave.
    const leave = () =>
      page.evaluate(() => (window as unknown as { publisher: RTCPeerConnection }).publisher.close());
    if (i % 2 === 0) session.close();
    else await leave();
    if (i % 2 === 0) await leave();
    else await waitFor('the end', () => recording.closed.length > 0, 10_000, 10);
    await page.evaluate(() => {
      const { publisher } = window as unknown as { publisher: RTCPeerConnection };
      for (const { track } of publisher.getSenders()) track?.stop();
    });
    after.push(resourcesOf(pid));
  }
  await page.close();
  return after;
}

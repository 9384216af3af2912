import type { Page } from 'playwright-core';
import { waitFor } from '../../../../../tests/support/wait-for.ts';
import { ChromiumViewer } from '../child/egress/testing/chromium-viewer.ts';
import { encodeLiveClip } from '../child/egress/testing/live-clip.ts';
import { LiveWriter } from '../child/egress/testing/live-writer.ts';
import type { PublishingBrowser } from './publishing-browser.ts';
import { publish, resourcesOf, type WorkerHarness } from './worker-harness.ts';

/** What the child and the server's process, which is the caller's, held at some time. */
export interface Resources {
  readonly child: ReturnType<typeof resourcesOf>;
  readonly server: ReturnType<typeof resourcesOf>;
}

/** Publishes and leaves `count` times, and gives what was held after each time. */
export async function connectCycles(
  browser: PublishingBrowser,
  { worker }: WorkerHarness,
  count: number,
): Promise<readonly Resources[]> {
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
    after.push(held(worker));
  }
  await page.close();
  return after;
}

/** Watches a live feed and leaves `count` times. */
export async function viewerCycles(
  browser: PublishingBrowser,
  { worker }: WorkerHarness,
  count: number,
): Promise<readonly Resources[]> {
  const clip = await encodeLiveClip({ size: '320x180', seconds: 4, kbps: 300 });
  const feed = worker.openFeed({
    streamId: 's',
    listener: { onKeyframeWanted: () => {}, onViewers: () => {} },
  });
  feed.setVideo('source', clip.video, 300_000);
  feed.setAudio(clip.audio);
  const writer = new LiveWriter(clip, (unit) => feed.write(unit.kind === 'video' ? 'source' : 'audio', unit));
  const page = await browser.newPage();
  const after: Resources[] = [];
  for (let i = 0; i < count; i++) {
    const viewer = new ChromiumViewer(page);
    const closed: string[] = [];
    const listener = { onConnected: () => {}, onClosed: (reason: string) => void closed.push(reason) };
    const session = await worker.openEgress({ feed, offer: await viewer.offer(), listener });
    await viewer.answer(session.answer);
    await waitFor('a picture', async () => (await viewer.stats()).firstPictureMs !== undefined, 15_000, 20);
    if (i % 2 === 0) session.close();
    await viewer.leave();
    if (i % 2 === 1) await waitFor('the end', () => closed.length > 0, 10_000, 10);
    await waitFor('nobody who watches', () => feed.viewers === 0, 5000, 10);
    after.push(held(worker));
  }
  writer.close();
  feed.close();
  await page.close();
  return after;
}

/** Tests the way of a data channel `count` times. */
export async function probeCycles(
  browser: PublishingBrowser,
  { worker }: WorkerHarness,
  count: number,
): Promise<readonly Resources[]> {
  const page = await browser.newPage();
  const after: Resources[] = [];
  for (let i = 0; i < count; i++) {
    const session = await worker.openProbe({ offer: await probeOffer(page) });
    await page.evaluate(async (sdp) => {
      const { probe } = window as unknown as { probe: RTCPeerConnection };
      await probe.setRemoteDescription({ type: 'answer', sdp });
    }, session.answer);
    const hasEcho = () => page.evaluate(() => (window as unknown as { echoed: boolean }).echoed);
    await waitFor('the echo', hasEcho, 15_000, 20);
    if (i % 2 === 0) session.close();
    await page.evaluate(() => (window as unknown as { probe: RTCPeerConnection }).probe.close());
    after.push(held(worker));
  }
  await page.close();
  return after;
}

function held({ pid = 0 }: WorkerHarness['worker']): Resources {
  return { child: resourcesOf(pid), server: resourcesOf(process.pid) };
}

/** An offer of a data channel; the connection stays in the page as `window.probe`, and `window.echoed` tells when it heard itself. */
function probeOffer(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const probe = new RTCPeerConnection();
    const channel = probe.createDataChannel('probe');
    Object.assign(window, { probe, echoed: false });
    channel.addEventListener('open', () => channel.send('hello'));
    channel.addEventListener('message', () => Object.assign(window, { echoed: true }));
    await probe.setLocalDescription();
    return probe.localDescription?.sdp ?? '';
  });
}

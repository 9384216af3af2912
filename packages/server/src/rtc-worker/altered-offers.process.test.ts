import { expect, test } from 'vitest';
import { SeededRandom } from '../ingest/rtmp/testing/seeded-random.ts';
import type { IngestListener } from './rtc-gateway.ts';
import { RtcRefusedError } from './rtc-gateway.ts';
import { offerOf, PublishingBrowser } from './testing/publishing-browser.ts';
import { resourcesOf, startWorker } from './testing/worker-harness.ts';

const CASES = 1500;

/** The offer with some lines left out, repeated, moved, cut, or with altered characters. */
function altered(offer: string, random: SeededRandom): string {
  const lines = offer.split('\r\n');
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(lines.length);
    const line = lines[at] ?? '';
    switch (random.below(6)) {
      case 0:
        lines.splice(at, 1);
        break;
      case 1:
        lines.splice(random.below(lines.length), 0, line);
        break;
      case 2:
        lines[at] = line.slice(0, random.below(line.length + 1));
        break;
      case 3:
        lines[at] = `${line}${line.slice(random.below(line.length + 1))}`;
        break;
      case 4:
        lines[at] = line.replaceAll(/\d+/g, () =>
          String(random.below(2) === 0 ? 0 : 2 ** (1 + random.below(70))),
        );
        break;
      default:
        lines[at] = Buffer.from(random.mutate(Buffer.from(line))).toString('latin1');
    }
  }
  return lines.join('\r\n');
}

test(`${CASES} altered offers are answered or refused in words, and the child lives on`, async () => {
  const browser = await PublishingBrowser.open();
  const harness = await startWorker();
  const pid = harness.worker.pid ?? 0;
  const page = await browser.newPage();
  const offers = [
    await offerOf(page),
    await offerOf(page, {
      layers: [
        { rid: 'q', scale: 4, maxBitrate: 1 },
        { rid: 'f', scale: 1, maxBitrate: 2 },
      ],
    }),
  ];
  await page.close();
  await browser.close();
  const listener: IngestListener = { onTrack() {}, onUnit() {}, onStats() {}, onClosed() {} };
  const random = new SeededRandom(9725);
  const before = resourcesOf(pid);
  let answered = 0;
  const reasons = new Map<string, number>();
  for (let i = 0; i < CASES; i++) {
    const offer = altered(random.pick(offers), random);
    try {
      const session = await harness.worker.openIngest({ offer, listener });
      answered++;
      session.close();
    } catch (error) {
      expect(error).toBeInstanceOf(RtcRefusedError);
      const { reason } = error as RtcRefusedError;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  }
  expect(answered).toBeGreaterThan(100);
  expect([...reasons.keys()]).toEqual(['bad-offer']);
  expect(harness.worker.pid).toBe(pid);
  const after = resourcesOf(pid);
  expect(after.threads - before.threads).toBeLessThanOrEqual(4);
  expect(after.descriptors - before.descriptors).toBeLessThanOrEqual(4);
  await harness.close();
});

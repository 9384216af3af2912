import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { throughProxy, UdpProxy } from '../../../../tests/support/udp-proxy.ts';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { SeededRandom } from '../ingest/rtmp/testing/seeded-random.ts';
import { isSecureRtp, withBitFlipped } from './testing/datagram.ts';
import { PublishingBrowser } from './testing/publishing-browser.ts';
import { attribute, bindingRequest } from './testing/stun-message.ts';
import {
  publish,
  type Recording,
  resourcesOf,
  startWorker,
  type WorkerHarness,
} from './testing/worker-harness.ts';

let browser: PublishingBrowser;
let harness: WorkerHarness;

beforeAll(async () => {
  browser = await PublishingBrowser.open();
  harness = await startWorker({ advertisedAddresses: ['127.0.0.1'] });
});

afterAll(async () => {
  await browser?.close();
  await harness?.close();
});

async function pictures(recording: Recording, more: number): Promise<void> {
  const wanted = recording.of('video').length + more;
  await waitFor(`${more} pictures`, () => recording.of('video').length >= wanted, 20_000);
}

/** Value of the first such attribute of a description. */
function valueOf(sdp: string, name: string): string {
  return new RegExp(`^a=${name}:(.*?)\\r?$`, 'm').exec(sdp)?.[1] ?? '';
}

describe('DTLS', () => {
  test('with a certificate that is not the one of the offer never connects', async () => {
    const page = await browser.newPage();
    const { recording } = await publish(
      harness.worker,
      page,
      {},
      {
        offer: (sdp) =>
          sdp.replaceAll(/(a=fingerprint:sha-256 )(..)/g, (_line, name: string, byte: string) => {
            return `${name}${byte === '00' ? '11' : '00'}`;
          }),
      },
    );
    await waitFor('the end', () => recording.closed.length > 0, 15_000);
    expect(recording.closed).toEqual(['dtls-failed']);
    expect(recording.tracks).toEqual([]);
    expect(recording.units).toEqual([]);
    await page.close();
  });
});

describe('SRTP', () => {
  test('with a broken tag does not arrive as media', async () => {
    const page = await browser.newPage();
    let broken = 0;
    const change = (datagram: Buffer): readonly Buffer[] => {
      if (!isSecureRtp(datagram)) return [datagram];
      broken++;
      return [withBitFlipped(datagram, -1)];
    };
    const proxy = await UdpProxy.start({ targetPort: harness.port, toServer: { change } });
    const { session, recording } = await publish(
      harness.worker,
      page,
      {},
      { answer: (sdp) => throughProxy(sdp, proxy.port) },
    );
    await waitFor('300 broken packets', () => broken >= 300, 20_000);
    expect(recording.units).toEqual([]);
    // The path works: it is the tags that were refused.
    proxy.toServer.become({});
    await pictures(recording, 10);
    session.close();
    await proxy.close();
    await page.close();
  });

  test('that is sent again, or altered on the way, changes nothing', async () => {
    const page = await browser.newPage();
    const sent: Buffer[] = [];
    let bytes = 0;
    const change = (datagram: Buffer): readonly Buffer[] => {
      if (!isSecureRtp(datagram)) return [datagram];
      bytes += datagram.length;
      sent.push(datagram);
      const old = sent[Math.max(0, sent.length - 200)] ?? datagram;
      return [datagram, datagram, old, withBitFlipped(datagram, -1)];
    };
    const proxy = await UdpProxy.start({ targetPort: harness.port, toServer: { change } });
    const { session, recording } = await publish(
      harness.worker,
      page,
      { audio: false },
      { answer: (sdp) => throughProxy(sdp, proxy.port) },
    );
    await pictures(recording, 10);
    const since = { stats: recording.stats.length, bytes, ms: performance.now() };
    await waitFor('three stats', () => recording.stats.length >= since.stats + 3);
    const sentBps = ((bytes - since.bytes) * 8000) / (performance.now() - since.ms);
    const taken = recording.stats.slice(-3).map(({ bitrateBps }) => bitrateBps);
    expect(Math.max(...taken)).toBeLessThan(sentBps * 1.6);
    const times = recording.of('video').map(({ dts }) => dts);
    expect(new Set(times).size, 'no picture came twice').toBe(times.length);
    expect(recording.stats.at(-1)?.droppedFrames).toBe(0);
    session.close();
    await proxy.close();
    await page.close();
  });
});

describe('a publisher', () => {
  test('that sends more than twice the highest bit rate is ended, whatever becomes of its packets', async () => {
    const bounded = await startWorker({
      advertisedAddresses: ['127.0.0.1'],
      limits: { maxBitrateBps: 20_000 },
    });
    const page = await browser.newPage();
    const { recording } = await publish(bounded.worker, page);
    await waitFor('the end', () => recording.closed.length > 0, 20_000);
    expect(recording.closed).toEqual(['protocol-error']);
    await bounded.close();
    await page.close();
  });
});

describe('the UDP port', () => {
  test('outlives wrong STUN and garbage, answers none of it with success, and a session goes on undisturbed', async () => {
    const page = await browser.newPage();
    let theirs = '';
    const { session, recording } = await publish(
      harness.worker,
      page,
      {},
      {
        offer: (sdp) => {
          theirs = valueOf(sdp, 'ice-ufrag');
          return sdp;
        },
      },
    );
    await pictures(recording, 10);
    const pid = harness.worker.pid ?? 0;
    const ours = session.iceUfrag;
    const password = valueOf(session.answer, 'ice-pwd');
    const username = `${ours}:${theirs}`;
    const stranger = createSocket('udp4');
    await new Promise<void>((resolve) => stranger.bind(0, '127.0.0.1', resolve));
    const successes: Buffer[] = [];
    stranger.on('message', (answer) => {
      if (answer.readUInt16BE(0) === 0x0101) successes.push(answer);
    });
    const send = (datagram: Uint8Array): Promise<void> =>
      new Promise((resolve) => stranger.send(datagram, harness.port, '127.0.0.1', () => resolve()));

    const right = bindingRequest({ username, password });
    const wrong = [
      bindingRequest({ username }),
      bindingRequest({ username, password: 'x'.repeat(22) }),
      bindingRequest({ username, password: '' }),
      bindingRequest({ username: `unknown:${theirs}`, password }),
      bindingRequest({ username: 'without-a-colon', password }),
      bindingRequest({ username: '', password }),
      bindingRequest({ username: `${ours}:wrong`, password }),
      bindingRequest({ username: 'u'.repeat(600), password }),
      // Attributes of no length, among them those that must have one.
      ...[0x0001, 0x0006, 0x0008, 0x0009, 0x000a, 0x0014, 0x0015, 0x0020, 0x0024, 0x8028, 0x802a, 0x7fff].map(
        (type) => bindingRequest({ username, attributes: [[type, new Uint8Array(0)]] }),
      ),
      // A length beyond the end, and a message that is cut.
      Buffer.concat([right.subarray(0, 20), attribute(0x0006, Buffer.alloc(4)).fill(0xff, 2, 4)]),
      ...Array.from({ length: right.length - 1 }, (_, size) => right.subarray(0, size + 1)),
    ];
    for (const datagram of wrong) await send(datagram);

    const random = new SeededRandom(24);
    const before = resourcesOf(pid).rssKb;
    for (let i = 0; i < 5000; i++) {
      await send(
        i % 3 === 0 ? random.bytes(1 + random.below(1400)) : random.mutate(random.pick([...wrong, right])),
      );
    }
    const counted = recording.units.length;
    await pictures(recording, 30);
    expect(recording.units.length).toBeGreaterThan(counted);
    expect(recording.closed).toEqual([]);
    expect(recording.stats.at(-1)).toMatchObject({ lossFraction: 0, droppedFrames: 0 });
    expect(harness.worker.pid).toBe(pid);
    expect(successes.length, 'a mutation can leave the request as it was').toBeLessThanOrEqual(5);
    expect(resourcesOf(pid).rssKb - before).toBeLessThan(30_000);

    // What was refused above was refused for what was wrong with it.
    successes.length = 0;
    await send(right);
    await waitFor('the answer to a right request', () => successes.length > 0, 2000);
    session.close();
    stranger.close();
    await page.close();
  });
});

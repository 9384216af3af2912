import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { throughProxy, UdpProxy } from '../../../../tests/support/udp-proxy.ts';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { encodeLiveClip, type LiveClip } from './child/egress/testing/live-clip.ts';
import { LiveWriter } from './child/egress/testing/live-writer.ts';
import type { RtcFeed } from './rtc-gateway.ts';
import { isDtls, isStunSuccess } from './testing/datagram.ts';
import { ALERT, dtlsRecord, HANDSHAKE, handshakeFragment } from './testing/dtls-record.ts';
import { isSrtp } from './testing/is-srtp.ts';
import { NativePeer } from './testing/native-peer.ts';
import { Recording, resourcesOf, startWorker, type WorkerHarness } from './testing/worker-harness.ts';

const ICE_TIMEOUT_MS = 2000;
/** More than 30 MB of it would be seen in the memory of the child, were it kept. */
const FRAGMENTS = 30_000;
const FRAGMENT_BYTES = 1100;
const MAX_GROWTH_KB = 15_000;

let harness: WorkerHarness;
let clip: LiveClip;
let proxy: UdpProxy;
/** What the server sent to the client. */
let toClient: Buffer[];

beforeAll(async () => {
  [harness, clip] = await Promise.all([
    startWorker({ advertisedAddresses: ['127.0.0.1'], limits: { iceTimeoutMs: ICE_TIMEOUT_MS } }),
    encodeLiveClip({ size: '320x180', seconds: 2, kbps: 300 }),
  ]);
});

afterAll(() => harness?.close());

beforeEach(async () => {
  toClient = [];
  const change = (datagram: Buffer): Buffer[] => {
    toClient.push(datagram);
    return [datagram];
  };
  proxy = await UdpProxy.start({ targetPort: harness.port, toClient: { change } });
});

afterEach(() => proxy?.close());

const answer = (sdp: string): string => throughProxy(sdp, proxy.port);

/** The first digit of every fingerprint is another. */
function withOtherFingerprint(sdp: string): string {
  return sdp.replaceAll(/(a=fingerprint:sha-256 )(.)/g, (_all, name: string, digit: string) => {
    return `${name}${digit === '0' ? '1' : '0'}`;
  });
}

describe('a viewer', () => {
  let feed: RtcFeed;
  let writer: LiveWriter;
  const closed: string[] = [];
  const listener = { onConnected: () => {}, onClosed: (reason: string) => void closed.push(reason) };
  const watch = (offer: string) => harness.worker.openEgress({ feed, offer, listener });

  beforeEach(() => {
    closed.length = 0;
    feed = harness.worker.openFeed({
      streamId: 's',
      listener: { onKeyframeWanted: () => {}, onViewers: () => {} },
    });
    feed.setVideo('source', clip.video, 300_000);
    writer = new LiveWriter(clip, (unit) => unit.kind === 'video' && feed.write('source', unit));
  });

  afterEach(() => {
    writer.close();
    feed.close();
  });

  test('whose certificate is not the one of its offer gets no media', async () => {
    const viewer = new NativePeer('RecvOnly');
    await viewer.connect(watch, { offer: withOtherFingerprint, answer });
    await waitFor('the end', () => closed.length > 0, 15_000);
    expect(closed).toEqual(['dtls-failed']);
    expect(toClient.some(isDtls), 'there was a handshake').toBe(true);
    expect(toClient.filter(isSrtp)).toEqual([]);
    viewer.close();
  });

  test('whose STUN has another password is never answered', async () => {
    const viewer = new NativePeer('RecvOnly');
    await viewer.connect(watch, {
      answer: (sdp) => answer(sdp).replaceAll(/(a=ice-pwd:).*/g, `$1${'x'.repeat(22)}`),
    });
    await waitFor('the end', () => closed.length > 0, ICE_TIMEOUT_MS + 5000);
    expect(closed).toEqual(['ice-timeout']);
    expect(proxy.toServer.counters.received, 'there were requests').toBeGreaterThan(0);
    expect(toClient.filter((datagram) => isDtls(datagram) || isSrtp(datagram))).toEqual([]);
    expect(toClient.filter(isStunSuccess)).toEqual([]);
    viewer.close();
  });

  test('as it should be gets media on the same path', async () => {
    const viewer = new NativePeer('RecvOnly');
    const session = await viewer.connect(watch, { answer });
    await waitFor('media', () => viewer.media.length > 20);
    session.close();
    viewer.close();
  });
});

/** Malformed and fragmented DTLS, each time another: what a library that kept it all would choke on (CVE-2022-29189). */
function hostileRecord(count: number): Buffer {
  const fragment = {
    messageType: 11,
    length: 0xff_ffff,
    offset: 0,
    bytes: FRAGMENT_BYTES,
    messageSequence: 1,
  };
  switch (count % 8) {
    case 0:
      // The first piece of message after message.
      return handshakeFragment(count, { ...fragment, messageSequence: count & 0xffff });
    case 1:
    case 2:
    case 3:
      // Piece after piece of one message that never ends.
      return handshakeFragment(count, { ...fragment, offset: (count * FRAGMENT_BYTES) & 0xff_ffff });
    case 4:
      // Greetings that contradict each other about their length.
      return handshakeFragment(count, { ...fragment, messageType: 1, messageSequence: 0, length: count });
    case 5:
      // Nothing of a message, beyond its end.
      return handshakeFragment(count, { ...fragment, length: 4, offset: 0xff_ff00, bytes: 0 });
    case 6:
      // A record that says that it is longer, or shorter.
      return dtlsRecord(HANDSHAKE, count, Buffer.alloc(count % 64, 1), count & 0xffff);
    default:
      // A fatal alert, or the end, from somebody without the keys.
      return dtlsRecord(ALERT, count, Buffer.from([count % 16 === 7 ? 2 : 1, count % 16 === 7 ? 40 : 0]));
  }
}

async function injectRecords(): Promise<void> {
  for (let i = 0; i < FRAGMENTS; i++) {
    await proxy.inject(hostileRecord(i));
    // So that the child reads what comes, rather than the system throwing it away.
    if (i % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('malformed and fragmented DTLS on the path of a session', () => {
  const publish = (listener: Recording) => (offer: string) => harness.worker.openIngest({ offer, listener });

  test('before the handshake takes no memory, and no session but its own', async () => {
    const pid = harness.worker.pid ?? 0;
    const recording = new Recording();
    const publisher = new NativePeer('SendOnly');
    // Its own handshake never comes through.
    proxy.toServer.become({ change: (datagram) => (isDtls(datagram) ? [] : [datagram]) });
    const session = await publisher.connect(publish(recording), { answer });
    await waitFor('a path', () => toClient.some(isStunSuccess));
    const before = resourcesOf(pid).rssKb;
    await injectRecords();
    expect(resourcesOf(pid).rssKb - before).toBeLessThan(MAX_GROWTH_KB);
    expect(harness.worker.pid).toBe(pid);
    expect(recording.tracks).toEqual([]);
    session.close();
    publisher.close();

    proxy.toServer.become({});
    const other = new NativePeer('SendOnly');
    const next = await other.connect(publish(new Recording()), { answer });
    await other.opened();
    next.close();
    other.close();
  });

  test('after the handshake changes nothing', async () => {
    const pid = harness.worker.pid ?? 0;
    const recording = new Recording();
    const publisher = new NativePeer('SendOnly');
    const session = await publisher.connect(publish(recording), { answer });
    await publisher.opened();
    const media = setInterval(() => publisher.isOpen && publisher.sendMedia(), 20);
    await waitFor('stats', () => recording.stats.length > 0);
    const before = resourcesOf(pid).rssKb;
    await injectRecords();
    expect(resourcesOf(pid).rssKb - before).toBeLessThan(MAX_GROWTH_KB);
    const since = recording.stats.length;
    await waitFor('two stats', () => recording.stats.length >= since + 2);
    expect(recording.stats.at(-1)?.bitrateBps).toBeGreaterThan(0);
    expect(recording.closed).toEqual([]);
    expect(harness.worker.pid).toBe(pid);
    clearInterval(media);
    session.close();
    publisher.close();
  });

  // RFC 6347 §4.1.2.7 wants it discarded; OpenSSL takes it for a fatal error. Whoever can send from the client's address and port can so end
  // that session, and no other. When this test fails because the session lives, turn it round, and let fuzz-datagrams.ts send DTLS there too.
  test('after the handshake: a record of its epoch that is too short ends that session, and no other', async () => {
    const pid = harness.worker.pid;
    const [recording, others] = [new Recording(), new Recording()];
    const other = new NativePeer('SendOnly');
    const second = await other.connect(publish(others));
    await other.opened();
    const publisher = new NativePeer('SendOnly');
    await publisher.connect(publish(recording), { answer });
    await publisher.opened();
    const short = dtlsRecord(HANDSHAKE, 100, Buffer.alloc(1, 1));
    short.writeUInt16BE(1, 3);
    await proxy.inject(short);
    await waitFor('the end', () => recording.closed.length > 0, 5000, 5);
    expect(recording.closed).toEqual(['closed-by-peer']);
    expect(others.closed).toEqual([]);
    expect(harness.worker.pid).toBe(pid);
    second.close();
    other.close();
    publisher.close();
  });
});

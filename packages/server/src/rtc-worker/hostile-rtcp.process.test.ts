import { compactNtp } from '@tallylight/media/rtp/ntp-time.ts';
import { writeNack } from '@tallylight/media/rtp/rtcp/nack.ts';
import { writeReceiverReport } from '@tallylight/media/rtp/rtcp/receiver-report.ts';
import { writeSenderReport } from '@tallylight/media/rtp/rtcp/sender-report.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { throughProxy, UdpProxy } from '../../../../tests/support/udp-proxy.ts';
import { waitFor } from '../../../../tests/support/wait-for.ts';
import { encodeLiveClip } from './child/egress/testing/live-clip.ts';
import { LiveWriter } from './child/egress/testing/live-writer.ts';
import { isSecureRtcp, isSecureRtp, withBitFlipped } from './testing/datagram.ts';
import { NativePeer } from './testing/native-peer.ts';
import { Recording, startWorker, type WorkerHarness } from './testing/worker-harness.ts';

/** A byte of the body, the first of the index with its mark of encryption (RFC 3711 §3.4), one of the tag of ten. */
const ALTERED_AT = [8, -14, -1];

let harness: WorkerHarness;
let proxy: UdpProxy;

beforeAll(async () => {
  harness = await startWorker({ advertisedAddresses: ['127.0.0.1'] });
});

afterAll(() => harness?.close());

beforeEach(async () => {
  proxy = await UdpProxy.start({ targetPort: harness.port });
});

afterEach(() => proxy?.close());

const answer = (sdp: string): string => throughProxy(sdp, proxy.port);

/** Every SRTCP of the peer arrives altered, each time in another place. */
function alter(): void {
  let count = 0;
  proxy.toServer.become({
    change: (datagram) => {
      if (!isSecureRtcp(datagram)) return [datagram];
      return [withBitFlipped(datagram, ALTERED_AT[count++ % ALTERED_AT.length] ?? -1)];
    },
  });
}

/** Nothing is altered; the SRTCP that goes through is kept. */
function keep(): Buffer[] {
  const kept: Buffer[] = [];
  const change = (datagram: Buffer): Buffer[] => {
    if (isSecureRtcp(datagram)) kept.push(datagram);
    return [datagram];
  };
  proxy.toServer.become({ change });
  return kept;
}

/** Instead of each SRTCP of the peer, old ones arrive. */
function replay(old: readonly Buffer[]): void {
  proxy.toServer.become({ change: (datagram) => (isSecureRtcp(datagram) ? old : [datagram]) });
}

/** Does it so many times, 50 ms apart. */
async function repeatedly(times: number, act: () => void): Promise<void> {
  for (let i = 0; i < times; i++) {
    act();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('SRTCP of a viewer', () => {
  test('that is altered or sent again is not acted upon', async () => {
    const clip = await encodeLiveClip({ size: '320x180', seconds: 2, kbps: 300 });
    const feed = harness.worker.openFeed({
      streamId: 's',
      listener: { onKeyframeWanted: () => {}, onViewers: () => {} },
    });
    feed.setVideo('source', clip.video, 300_000);
    const writer = new LiveWriter(clip, (unit) => unit.kind === 'video' && feed.write('source', unit));
    const viewer = new NativePeer('RecvOnly');
    const listener = { onConnected: () => {}, onClosed: () => {} };
    const session = await viewer.connect((offer) => harness.worker.openEgress({ feed, offer, listener }), {
      answer,
    });
    await waitFor('media', () => viewer.media.length > 20);
    const lost = viewer.media.at(-1);
    const sequence = lost?.readUInt16BE(2) ?? 0;
    const nack = writeNack({
      senderSsrc: 1,
      mediaSsrc: lost?.readUInt32BE(8) ?? 0,
      sequences: [sequence],
    });
    // Counted on the way: the viewer's library takes what comes twice for a replay.
    let came = 1;
    proxy.toClient.become({
      change: (datagram) => {
        if (isSecureRtp(datagram) && datagram.readUInt16BE(2) === sequence) came++;
        return [datagram];
      },
    });

    alter();
    await repeatedly(21, () => viewer.send(nack));
    expect(came, 'nothing is sent again for an altered request').toBe(1);

    const kept = keep();
    viewer.send(nack);
    await waitFor('the packet, sent again', () => came === 2);
    replay(kept);
    await repeatedly(20, () => viewer.send(writeReceiverReport({ ssrc: 1, reports: [] })));
    expect(came, 'nothing is sent again for an old request').toBe(2);

    proxy.toServer.become({});
    viewer.send(nack);
    await waitFor('the packet, sent once more', () => came === 3);
    session.close();
    viewer.close();
    writer.close();
    feed.close();
  });
});

describe('SRTCP of a publisher', () => {
  test('that is altered or sent again is not acted upon', async () => {
    const publisher = new NativePeer('SendOnly');
    const listener = new Recording();
    const session = await publisher.connect((offer) => harness.worker.openIngest({ offer, listener }), {
      answer,
    });
    await publisher.opened();
    const media = setInterval(() => publisher.isOpen && publisher.sendMedia(), 20);
    const reportAt = (seconds: number): number => {
      const ntp = { seconds, fraction: 0 };
      const counts = { rtpTimestamp: 0, packetCount: 1, octetCount: 1 };
      publisher.send(writeSenderReport({ ssrc: NativePeer.SSRC, ntp, ...counts, reports: [] }));
      return compactNtp(ntp);
    };
    /** The sender reports that the server heard last, in its reports from now on. */
    const heard = async (count: number): Promise<Set<number>> => {
      const from = publisher.reports.length;
      await waitFor('reports', () => publisher.reports.length >= from + count);
      return new Set(publisher.reports.slice(from).map(({ lastSenderReport }) => lastSenderReport));
    };

    alter();
    const reporting = setInterval(() => reportAt(1000), 50);
    expect(await heard(2), 'an altered report is not heard').toEqual(new Set([0]));
    clearInterval(reporting);

    const kept = keep();
    const first = reportAt(2000);
    await waitFor('the first report', () => publisher.reports.at(-1)?.lastSenderReport === first);
    const old = [...kept];
    const second = reportAt(3000);
    await waitFor('the second report', () => publisher.reports.at(-1)?.lastSenderReport === second);
    replay(old);
    const replaying = setInterval(() => reportAt(4000), 50);
    expect(await heard(2), 'an old report is not heard again').toEqual(new Set([second]));
    clearInterval(replaying);

    proxy.toServer.become({});
    const third = reportAt(5000);
    await waitFor('the third report', () => publisher.reports.at(-1)?.lastSenderReport === third);
    expect(listener.closed).toEqual([]);
    clearInterval(media);
    session.close();
    publisher.close();
  });
});

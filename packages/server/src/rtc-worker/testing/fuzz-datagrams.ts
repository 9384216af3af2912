import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { throughProxy, UdpProxy } from '../../../../../tests/support/udp-proxy.ts';
import { waitFor } from '../../../../../tests/support/wait-for.ts';
import { SeededRandom } from '../../ingest/rtmp/testing/seeded-random.ts';
import type { RtcCloseReason } from '../rtc-gateway.ts';
import { isDtls, isSecureRtcp, isSecureRtp } from './datagram.ts';
import type { PublishingBrowser } from './publishing-browser.ts';
import { publish, resourcesOf, type WorkerHarness } from './worker-harness.ts';

/** Genuine datagrams of each kind that are kept to be altered. */
const KEPT_OF_KIND = 50;
/** After so many the sender waits, so that the child reads them rather than the system throwing them away. */
const BATCH = 25;
const PAUSE_MS = 2;

/** What came of a fuzz. */
export interface DatagramFuzz {
  /** Genuine datagrams that were altered, by kind. */
  readonly kinds: Readonly<Record<'stun' | 'dtls' | 'rtp' | 'rtcp', number>>;
  /** Datagrams that the system threw away, because the child did not read them in time. */
  readonly unread: number;
  /** What the child's memory grew by. */
  readonly grownKb: number;
  /** Pictures of the session under way that came meanwhile, and after. */
  readonly pictures: number;
  /** Why that session ended; none: it did not. */
  readonly closed: readonly RtcCloseReason[];
  /** True when the child is the one that it was. */
  readonly survived: boolean;
}

/**
 * Sends `count` altered or random datagrams to the port while a browser publishes: half of them from a stranger's socket, half on the
 * session's own path. The altered ones are STUN, DTLS, SRTP and SRTCP of that session.
 */
export async function fuzzDatagrams(
  browser: PublishingBrowser,
  { worker, port }: WorkerHarness,
  { seed, count }: { readonly seed: number; readonly count: number },
): Promise<DatagramFuzz> {
  const genuine = { stun: [] as Buffer[], dtls: [] as Buffer[], rtp: [] as Buffer[], rtcp: [] as Buffer[] };
  const change = (datagram: Buffer): Buffer[] => {
    const kept = genuine[kindOf(datagram)];
    if (kept.length < KEPT_OF_KIND) kept.push(datagram);
    return [datagram];
  };
  const proxy = await UdpProxy.start({ targetPort: port, toServer: { change } });
  const page = await browser.newPage();
  const { session, recording } = await publish(
    worker,
    page,
    { width: 320, height: 180 },
    { answer: (sdp) => throughProxy(sdp, proxy.port) },
  );
  const pictures = (): number => recording.of('video').length;
  await waitFor('pictures', () => pictures() > 30, 20_000);
  await waitFor('every kind', () => Object.values(genuine).every((kept) => kept.length > 0), 10_000);
  const stranger = createSocket('udp4');
  await new Promise<void>((resolve) => stranger.bind(0, '127.0.0.1', resolve));

  const random = new SeededRandom(seed);
  const pid = worker.pid ?? 0;
  const before = { rssKb: resourcesOf(pid).rssKb, unread: unreadOf(port), pictures: pictures() };
  for (let i = 0; i < count; i++) {
    const datagram = hostile(random, Object.values(genuine));
    // The known way to end a session: see hostile-handshakes.process.test.ts.
    if (hasShortRecord(datagram)) continue;
    if (i % 2 === 0) await proxy.inject(datagram);
    else await new Promise<void>((resolve) => stranger.send(datagram, port, '127.0.0.1', () => resolve()));
    if (i % BATCH === BATCH - 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  const afterwards = pictures() + 30;
  await waitFor('pictures after it', () => pictures() >= afterwards || recording.closed.length > 0, 10_000);
  const result: DatagramFuzz = {
    kinds: {
      stun: genuine.stun.length,
      dtls: genuine.dtls.length,
      rtp: genuine.rtp.length,
      rtcp: genuine.rtcp.length,
    },
    unread: unreadOf(port) - before.unread,
    grownKb: resourcesOf(pid).rssKb - before.rssKb,
    pictures: pictures() - before.pictures,
    closed: [...recording.closed],
    survived: worker.pid === pid,
  };
  session.close();
  stranger.close();
  await proxy.close();
  await page.close();
  return result;
}

function kindOf(datagram: Buffer): keyof DatagramFuzz['kinds'] {
  if (isSecureRtcp(datagram)) return 'rtcp';
  if (isSecureRtp(datagram)) return 'rtp';
  return isDtls(datagram) ? 'dtls' : 'stun';
}

/** One in four is random but for its first byte, which tells the protocols apart (RFC 7983 §7); the others were genuine. */
function hostile(random: SeededRandom, genuine: readonly (readonly Buffer[])[]): Uint8Array {
  if (random.below(4) > 0) return random.mutate(random.pick(random.pick(genuine)));
  const bytes = random.bytes(1 + random.below(400));
  bytes[0] = random.pick([0, 1, 20, 21, 22, 23, 63, 128, 191, random.below(256)]);
  return bytes;
}

/** True when it has a DTLS record after the handshake that is shorter than nonce and tag of AES-GCM (RFC 5288 §3). */
function hasShortRecord(datagram: Uint8Array): boolean {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  for (let at = 0; isDtls(datagram) && at + 13 <= datagram.length; ) {
    const length = view.getUint16(at + 11);
    if (view.getUint16(at + 3) === 1 && length < 24) return true;
    at += 13 + length;
  }
  return false;
}

/** Datagrams to a port of ours that the system threw away, as Linux counts them. */
function unreadOf(port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = ['udp', 'udp6'].flatMap((table) => readFileSync(`/proc/net/${table}`, 'utf8').split('\n'));
  const counts = lines.map((line) => line.trim().split(/\s+/)).filter((line) => line[1]?.endsWith(local));
  return counts.reduce((sum, line) => sum + Number(line.at(-1)), 0);
}

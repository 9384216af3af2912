import { connect, type Socket } from 'node:net';
import { RtmpPublisher } from '@tallylight/server/ingest/rtmp/testing/rtmp-publisher.ts';
import { anotherAddress } from '../support/peer-addresses.ts';
import { residentMb } from '../support/process-memory.ts';
import type { Tallylight } from '../support/tallylight.ts';
import { establishedPeers } from '../support/tcp-table.ts';
import { waitFor } from '../support/wait-for.ts';

/** What a flood of half-open connections did. */
export interface Flood {
  /** Connections that the server held at the worst. */
  readonly held: number;
  /** Milliseconds that a real publisher needed, from its first try. */
  readonly acceptedMs: number;
  readonly extraMb: number;
  /** Milliseconds until the server had let go of all of them. */
  readonly goneMs: number;
}

/** Fault F10: opens so many RTMP connections that say nothing, C0 only, or a byte a second; then a real publisher comes. */
export async function floodHalfOpen(server: Tallylight, count: number, key: string): Promise<Flood> {
  const quietMb = await residentMb(server.pid);
  const sockets: Socket[] = [];
  const startedMs = performance.now();
  while (sockets.length < count) {
    const batch = Array.from({ length: Math.min(200, count - sockets.length) }, () => open(server.rtmpPort));
    sockets.push(...(await Promise.all(batch)));
  }
  const slow = sockets.filter((_, i) => i % 3 === 2);
  for (const [i, socket] of sockets.entries()) if (i % 3 > 0) socket.write(Uint8Array.of(3));
  const drip = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write(Uint8Array.of(0));
  }, 1000);
  const triedMs = performance.now();
  const ports = new Set(sockets.map(({ localPort }) => localPort));
  const holding = async (): Promise<number> =>
    (await establishedPeers(server.rtmpPort)).filter((port) => ports.has(port)).length;
  let publisher: RtmpPublisher | undefined;
  try {
    const held = await settled(holding);
    publisher = await waitFor(
      'a real publisher to be let in',
      () =>
        RtmpPublisher.publish({ port: server.rtmpPort, key, localAddress: anotherAddress() }).catch(
          () => undefined,
        ),
      10_000,
      50,
    );
    const acceptedMs = performance.now() - triedMs;
    const extraMb = (await residentMb(server.pid)) - quietMb;
    await waitFor('the flood to be gone', async () => (await holding()) === 0, 30_000, 100);
    return { held, acceptedMs, extraMb, goneMs: performance.now() - startedMs };
  } finally {
    clearInterval(drip);
    publisher?.destroy();
    for (const socket of sockets) socket.destroy();
  }
}

/** A count once it has come to rest: the kernel takes connections that the server has yet to see and refuse. */
async function settled(count: () => Promise<number>): Promise<number> {
  let last = await count();
  for (let reads = 0; reads < 20; reads += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = await count();
    if (now === last) return now;
    last = now;
  }
  return last;
}

function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: anotherAddress() });
  socket.resume();
  return new Promise((resolve) => {
    socket.on('error', () => resolve(socket));
    socket.once('connect', () => resolve(socket));
  });
}

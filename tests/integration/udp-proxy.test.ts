import { createSocket, type Socket } from 'node:dgram';
import { readSdp } from '@tallylight/media/sdp/read-sdp.ts';
import { afterEach, describe, expect, test } from 'vitest';
import { throughProxy, UdpProxy, type UdpProxyOptions } from '../support/udp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

/** A server that sends each packet back. */
async function echoServer(): Promise<{ port: number; peers: Set<number> }> {
  const socket = await openSocket();
  const peers = new Set<number>();
  socket.on('message', (packet, { port }) => {
    peers.add(port);
    socket.send(packet, port, '127.0.0.1');
  });
  return { port: socket.address().port, peers };
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  opened.push(socket);
  return socket;
}

async function openProxy(options: UdpProxyOptions): Promise<UdpProxy> {
  const proxy = await UdpProxy.start(options);
  opened.push(proxy);
  return proxy;
}

/** Sends numbered packets, five every few milliseconds, and gives the numbers that came back with their round trips. */
async function exchange(proxy: UdpProxy, count: number): Promise<{ number: number; roundTripMs: number }[]> {
  const client = await openSocket();
  const sentMs: number[] = [];
  const back: { number: number; roundTripMs: number }[] = [];
  client.on('message', (packet) => {
    const number = packet.readUInt32BE(0);
    back.push({ number, roundTripMs: performance.now() - (sentMs[number] ?? 0) });
  });
  const before = { ...proxy.toServer.counters };
  await waitFor(
    'all to be sent',
    () => {
      for (let i = 0; i < 5 && sentMs.length < count; i++) {
        const packet = Buffer.alloc(100);
        packet.writeUInt32BE(sentMs.length, 0);
        sentMs.push(performance.now());
        client.send(packet, proxy.port, '127.0.0.1');
      }
      return sentMs.length === count;
    },
    20_000,
    2,
  );
  await waitFor(
    'all to come back or be lost',
    () => {
      const { toServer, toClient } = proxy;
      return (
        toServer.counters.received - before.received === count &&
        toClient.counters.received === toServer.counters.forwarded &&
        toServer.counters.forwarded + toServer.counters.lost + toServer.counters.dropped ===
          toServer.counters.received &&
        toClient.counters.forwarded + toClient.counters.lost === toClient.counters.received &&
        back.length === count - lostOf(proxy, before.lost)
      );
    },
    20_000,
    10,
  );
  return back;
}

function lostOf({ toServer, toClient }: UdpProxy, before: number): number {
  return toServer.counters.lost + toServer.counters.dropped - before + toClient.counters.lost;
}

describe('UdpProxy', () => {
  test('without options every packet passes both ways, in order', async () => {
    const proxy = await openProxy({ targetPort: (await echoServer()).port });
    const back = await exchange(proxy, 300);
    expect(back.map(({ number }) => number)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(proxy.toServer.counters).toEqual({
      received: 300,
      forwarded: 300,
      bytesForwarded: 30_000,
      lost: 0,
      dropped: 0,
      overflowed: 0,
    });
  });

  test('delay and jitter of both directions add up, and order is kept', async () => {
    const proxy = await openProxy({
      targetPort: (await echoServer()).port,
      toServer: { delayMs: 25, jitterMs: 20 },
      toClient: { delayMs: 25 },
    });
    const back = await exchange(proxy, 300);
    expect(back.map(({ number }) => number)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    const sorted = back.map(({ roundTripMs }) => roundTripMs).sort((a, b) => a - b);
    expect(sorted[0]).toBeGreaterThanOrEqual(49);
    // 25 + 25 + at most 20, and what timers and two cores add.
    expect(sorted[150]).toBeLessThan(90);
    expect((sorted[299] ?? 0) - (sorted[0] ?? 0)).toBeGreaterThan(5);
  });

  test('the share that is lost is the one asked for, and the same for the same seed', async () => {
    const lose = async (seed: number): Promise<number[]> => {
      const proxy = await openProxy({
        targetPort: (await echoServer()).port,
        toServer: { lossFraction: 0.1 },
        seed,
      });
      return (await exchange(proxy, 2000)).map(({ number }) => number);
    };
    const first = await lose(5);
    expect(2000 - first.length).toBeGreaterThan(140);
    expect(2000 - first.length).toBeLessThan(260);
    expect(await lose(5)).toEqual(first);
    expect(await lose(6)).not.toEqual(first);
  });

  test('the network can change on the way', async () => {
    const proxy = await openProxy({ targetPort: (await echoServer()).port });
    expect(await exchange(proxy, 50)).toHaveLength(50);
    proxy.toServer.become({ lossFraction: 1 });
    expect(await exchange(proxy, 50)).toEqual([]);
  });

  test('a bound of the bandwidth delays what it can and drops the rest', async () => {
    // 300 packets of 100 bytes are 240,000 bits, that come within some 150 ms: at 400 kbit/s a queue of 200 ms is too short for them.
    const proxy = await openProxy({
      targetPort: (await echoServer()).port,
      toServer: { bitsPerSecond: 400_000 },
    });
    const back = await exchange(proxy, 300);
    const { dropped, forwarded } = proxy.toServer.counters;
    expect(dropped).toBeGreaterThan(30);
    expect(dropped + forwarded).toBe(300);
    const slowest = Math.max(...back.map(({ roundTripMs }) => roundTripMs));
    expect(slowest).toBeGreaterThan(150);
    expect(slowest).toBeLessThan(300);
  });

  test('a change replaces packets on the way by others, several or none', async () => {
    const proxy = await openProxy({ targetPort: (await echoServer()).port });
    const seen: number[] = [];
    proxy.toServer.become({
      change: (packet) => {
        const number = packet.readUInt32BE(0);
        seen.push(number);
        return number % 2 === 0 ? [packet] : [];
      },
    });
    expect((await exchange(proxy, 10)).map(({ number }) => number)).toEqual([0, 2, 4, 6, 8]);
    expect(seen).toHaveLength(10);
    expect(proxy.toServer.counters).toMatchObject({ received: 10, forwarded: 5, lost: 5 });
  });

  test('the server sees each client at a port of its own', async () => {
    const server = await echoServer();
    const proxy = await openProxy({ targetPort: server.port });
    await exchange(proxy, 10);
    await exchange(proxy, 10);
    expect([server.peers.size, proxy.clients]).toEqual([2, 2]);
    expect(server.peers.has(proxy.port)).toBe(false);
  });

  test('a port where nobody listens is no fault, and closing twice neither', async () => {
    const gone = await openSocket();
    const targetPort = gone.address().port;
    gone.close();
    opened.pop();
    const proxy = await openProxy({ targetPort });
    const client = await openSocket();
    client.send('x', proxy.port, '127.0.0.1');
    await waitFor('the packet', () => proxy.toServer.counters.forwarded === 1);
    await proxy.close();
    await proxy.close();
  });
});

describe('throughProxy', () => {
  test("the proxy's port replaces every candidate of an answer; all else stays", () => {
    const answer = [
      'v=0',
      'o=- 1 1 IN IP4 127.0.0.1',
      's=-',
      't=0 0',
      'm=audio 9 UDP/TLS/RTP/SAVPF 111',
      'a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host',
      'a=candidate:2 1 udp 2130706175 127.0.0.1 8189 typ host',
      'a=end-of-candidates',
      'm=video 9 UDP/TLS/RTP/SAVPF 96',
      'a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host',
      'a=mid:1',
      '',
    ].join('\r\n');
    const changed = throughProxy(answer, 40_000);
    const sections = readSdp(changed).media;
    expect(
      sections.map(({ candidates }) => candidates.map(({ address, port }) => `${address}:${port}`)),
    ).toEqual([['127.0.0.1:40000'], ['127.0.0.1:40000']]);
    const others = (text: string): string[] =>
      text.split('\r\n').filter((line) => !line.includes('candidate:'));
    expect(others(changed)).toEqual(others(answer));
  });
});

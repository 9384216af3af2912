import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { silentLogger } from '../../platform/logger.ts';
import { FakeGateway } from '../../rtc-worker/testing/fake-gateway.ts';
import { iceServers, OFFER } from '../whip/testing/whip-harness.ts';
import { networkTestRoutes } from './network-test-routes.ts';

/** Routes on a port, with one place for each address, and gateways for the test to play. */
async function start(probeLifeMs: number): Promise<{
  readonly gateway: FakeGateway;
  readonly probe: () => Promise<Response>;
  readonly end: (probe: Response) => Promise<number>;
}> {
  const gateway = new FakeGateway();
  const routes = networkTestRoutes({
    facts: () => ({ udpPort: 1, addresses: [], stunConfigured: false, turnConfigured: false }),
    gateway,
    iceServers,
    clock: systemClock,
    log: silentLogger,
    limits: { maxPerAddress: 1, probeLifeMs },
    clientAddress: () => 'one',
  });
  const server = createServer((request, response) => void routes.handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    gateway,
    probe: () =>
      fetch(`${url}/api/network-test/probe`, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp' },
        body: OFFER,
      }),
    end: async (probe) =>
      (await fetch(`${url}${probe.headers.get('location')}`, { method: 'DELETE' })).status,
  };
}

test.each(['closed-by-peer', 'closed', 'ice-timeout', 'dtls-failed', 'worker-lost'] as const)(
  'a probe that ends by itself, %s, gives its place back at once',
  async (reason) => {
    const { gateway, probe, end } = await start(60_000);
    const first = await probe();
    expect([first.status, (await probe()).status]).toEqual([201, 429]);
    gateway.probes[0]?.listener.onClosed(reason);
    expect(await end(first)).toBe(404);
    expect((await probe()).status).toBe(201);
  },
);

test('a probe that sent too much keeps its place for the time of a probe', async () => {
  const lifeMs = 1000;
  const { gateway, probe, end } = await start(lifeMs);
  const openedMs = performance.now();
  const first = await probe();
  gateway.probes[0]?.listener.onClosed('protocol-error');
  expect([(await probe()).status, await end(first), (await probe()).status]).toEqual([429, 404, 429]);
  let again = await probe();
  for (; again.status === 429; again = await probe()) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(again.status).toBe(201);
  expect(performance.now() - openedMs).toBeGreaterThan(lifeMs - 20);
});

test('a probe that ends while its answer is under way gives its place back', async () => {
  const { gateway, probe } = await start(60_000);
  const openProbe = gateway.openProbe.bind(gateway);
  gateway.openProbe = async (options) => {
    const session = await openProbe(options);
    options.onClosed?.('worker-lost');
    return session;
  };
  expect([(await probe()).status, (await probe()).status]).toEqual([201, 201]);
});

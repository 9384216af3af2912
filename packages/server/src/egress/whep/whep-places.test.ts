import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refusalOf } from '../../http/testing/both-protocols.ts';
import { RawConnection } from '../../http/testing/raw-client.ts';
import { until } from '../../origin/testing/fixture.ts';
import { RtcRefusedError } from '../../rtc-worker/rtc-gateway.ts';
import { WhepHarness } from './testing/whep-harness.ts';
import type { WhepLimits } from './whep-limits.ts';

let whep: WhepHarness;
beforeEach(async () => {
  whep = await WhepHarness.start();
});
afterEach(() => whep.close());

/** The same with other limits. */
async function restart(limits: Partial<WhepLimits>): Promise<void> {
  await whep.close();
  whep = await WhepHarness.start(limits);
}

describe('WHEP places', () => {
  test('in all are bounded: one more is 503 with Retry-After until somebody leaves', async () => {
    await restart({ maxViewers: 2 });
    const first = await whep.watch('HTTP/1.1');
    await whep.watch('HTTP/1.1');
    const third = await whep.watch('HTTP/1.1');
    expect([third.status, refusalOf(third).code, third.headers['retry-after']]).toEqual([
      503,
      'WHEP_FULL',
      '30',
    ]);
    expect(whep.opened).toHaveLength(2);
    await whep.send('HTTP/1.1', { method: 'DELETE', path: String(first.headers.location) });
    expect((await whep.watch('HTTP/1.1')).status).toBe(201);
  });

  test('are counted while they are whep.opened, too', async () => {
    await restart({ maxViewers: 2 });
    let open = (): void => {};
    whep.gateway.gate = new Promise((resolve) => {
      open = resolve;
    });
    const answers = Array.from({ length: 5 }, () => whep.watch('HTTP/2'));
    await Promise.any(answers);
    open();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 201, 503, 503, 503]);
  });

  test('are counted while the right to watch is asked for once more', async () => {
    await restart({ maxViewers: 1 });
    let asked = 0;
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    // Each is asked for on arrival, and again when its offer is answered.
    whep.decide = async () => {
      if (++asked > 6) await gate;
      return 'public' as const;
    };
    let answered = 0;
    const answers = Array.from({ length: 6 }, async () => {
      const answer = await whep.watch('HTTP/2');
      answered++;
      return answer;
    });
    await until(() => asked - 6 + answered === 6, 'each refused, or asked for once more');
    open();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, 503, 503, 503, 503, 503]);
    expect(whep.endpoint.size).toBe(1);
  });

  test('of a right that is lost in the end are given back', async () => {
    await restart({ maxViewers: 1 });
    let asked = 0;
    whep.decide = () => (++asked === 2 ? 'absent' : 'public');
    expect((await whep.watch('HTTP/1.1')).status).toBe(404);
    expect((await whep.watch('HTTP/1.1')).status).toBe(201);
    expect((await whep.watch('HTTP/1.1')).status).toBe(503);
  });

  test('are not taken by offers that are still being sent', async () => {
    await restart({ maxViewers: 1 });
    const head =
      'POST /whep/live HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 100\r\n\r\n';
    const slow = new RawConnection(whep.port, `${head}v=0`);
    await until(() => slow.socket.bytesWritten > head.length, 'sent');
    expect((await whep.watch('HTTP/1.1')).status).toBe(201);
    slow.socket.destroy();
  });

  test('of one address are bounded, connected or not; one that leaves makes room', async () => {
    await restart({ maxViewersPerAddress: 2 });
    const elsewhere = { 'x-test-address': '192.0.2.7' };
    const first = await whep.watch('HTTP/1.1');
    expect([first.status, (await whep.watch('HTTP/1.1')).status]).toEqual([201, 201]);
    whep.gateway.egresses[0]?.listener.onConnected();
    const third = await whep.watch('HTTP/1.1');
    expect([third.status, refusalOf(third).code]).toEqual([503, 'WHEP_FULL']);
    expect(refusalOf(third).message).toContain('of this address');
    expect((await whep.watch('HTTP/1.1', '/whep/live', elsewhere)).status).toBe(201);
    await whep.send('HTTP/1.1', { method: 'DELETE', path: String(first.headers.location) });
    expect((await whep.watch('HTTP/1.1')).status).toBe(201);
    whep.gateway.refusal = new RtcRefusedError('bad-offer', 'no video');
    expect((await whep.watch('HTTP/1.1', '/whep/live', elsewhere)).status).toBe(422);
    whep.gateway.refusal = undefined;
    expect((await whep.watch('HTTP/1.1', '/whep/live', elsewhere)).status).toBe(201);
  });

  test('of one address that are not connected yet are bounded; those that are do not count', async () => {
    await restart({ maxConnectingPerAddress: 1 });
    expect((await whep.watch('HTTP/1.1')).status).toBe(201);
    expect((await whep.watch('HTTP/1.1')).status).toBe(429);
    expect((await whep.watch('HTTP/1.1', '/whep/live', { 'x-test-address': '192.0.2.7' })).status).toBe(201);
    whep.gateway.egresses[0]?.listener.onConnected();
    expect((await whep.watch('HTTP/1.1')).status).toBe(201);
    whep.gateway.egresses[2]?.listener.onClosed('ice-timeout');
    expect((await whep.watch('HTTP/1.1')).status).toBe(201);
  });

  test('of one address can be asked for so often in a minute: one more is 429, whatever became of the others', async () => {
    await restart({ maxPostsPerMinute: 3 });
    const ask = (path?: string, headers?: Record<string, string>) => whep.watch('HTTP/1.1', path, headers);
    const first = await ask();
    await whep.send('HTTP/1.1', { method: 'DELETE', path: String(first.headers.location) });
    expect([first.status, (await ask('/whep/nothing')).status, (await ask()).status]).toEqual([
      201, 404, 201,
    ]);
    const fourth = await ask();
    expect([fourth.status, refusalOf(fourth).code]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(fourth.headers['retry-after'])).toBeGreaterThan(50);
    expect((await ask('/whep/live', { 'x-test-address': '192.0.2.7' })).status).toBe(201);
  });

  test('viewers are those whose media flows', async () => {
    await whep.watch('HTTP/1.1');
    await whep.watch('HTTP/1.1');
    expect([whep.endpoint.viewers('live'), whep.endpoint.size]).toEqual([0, 2]);
    for (const { listener } of whep.gateway.egresses) listener.onConnected();
    expect([whep.endpoint.viewers('live'), whep.endpoint.viewers('other')]).toEqual([2, 0]);
    whep.gateway.egresses[0]?.listener.onClosed('closed-by-peer');
    expect(whep.endpoint.viewers('live')).toBe(1);
  });

  test('are given back when the stream ends or the worker dies', async () => {
    await whep.watch('HTTP/1.1');
    whep.feed.close();
    expect(whep.endpoint.size).toBe(0);
    await whep.watch('HTTP/1.1');
    whep.gateway.die();
    expect(whep.endpoint.size).toBe(0);
  });

  test('close lets every viewer go, and takes none afterwards', async () => {
    await whep.watch('HTTP/1.1');
    whep.endpoint.close();
    expect([whep.gateway.egresses[0]?.closed, whep.endpoint.size]).toEqual([true, 0]);
    expect((await whep.watch('HTTP/1.1')).status).toBe(503);
    await until(() => whep.gateway.egresses[1]?.closed === true, 'closed');
  });
});

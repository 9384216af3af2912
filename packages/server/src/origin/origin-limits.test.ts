import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { OriginFixture, until } from './testing/fixture.ts';

let fixture: OriginFixture;
afterEach(() => fixture.close());

const HELD = '_HLS_msn=1700000000&_HLS_part=3';

describe('OriginLimits', () => {
  test('maxHeld: so many wait, one more is 503 at once', async () => {
    fixture = await OriginFixture.start({ limits: { maxHeld: 5 } });
    fixture.video.advance(3);
    const held = Array.from({ length: 5 }, () => fixture.get(fixture.playlistPath(HELD)));
    await fixture.untilHeld(5);
    expect((await fixture.get(fixture.playlistPath(HELD))).status).toBe(503);
    expect((await fixture.get('/hls/live/720p/r.1700000000.3.m4s')).status).toBe(503);
    fixture.video.advance();
    expect((await Promise.all(held)).map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200]);
    const again = fixture.get(fixture.playlistPath('_HLS_msn=1700000000&_HLS_part=4'));
    await fixture.untilHeld(1);
    fixture.video.advance();
    expect((await again).status).toBe(200);
  });

  test('maxHeldPerAddress: so many of one address wait, one more is 503, another address still waits', async () => {
    fixture = await OriginFixture.start({
      limits: { maxHeldPerAddress: 3 },
      clientAddress: (request) => String(request.headers['x-test-address']),
    });
    fixture.video.advance(3);
    const ask = (address: string) => fixture.get(fixture.playlistPath(HELD), { 'x-test-address': address });
    const held = [ask('a'), ask('a'), ask('a')];
    await fixture.untilHeld(3);
    expect((await ask('a')).status).toBe(503);
    held.push(ask('b'));
    await fixture.untilHeld(4);
    fixture.video.advance();
    expect(new Set((await Promise.all(held)).map((answer) => answer.status))).toEqual(new Set([200]));
  });

  test('drainTimeoutMs: a reader that does not read is cut off with bounded bytes in memory', async () => {
    fixture = await OriginFixture.start({ limits: { drainTimeoutMs: 300, maxBufferedBytes: 1 << 20 } });
    fixture.video.put(
      'big.m4s',
      Array.from({ length: 64 }, () => Buffer.alloc(1 << 20)),
    );
    fixture.video.advance();
    const socket = connect(fixture.port, '127.0.0.1');
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /hls/live/720p/big.m4s HTTP/1.1\r\nHost: x\r\n\r\n');
    await until(() => fixture.origin.stats().draining === 1, 'draining');
    await until(() => fixture.origin.stats().draining === 0, 'cut off', 3000);
    socket.resume();
    await until(() => closed, 'closed');
    expect(socket.bytesRead).toBeLessThan(32 << 20);
  });

  test('a slow reader that does read gets everything', async () => {
    fixture = await OriginFixture.start({ limits: { drainTimeoutMs: 300, maxBufferedBytes: 1 << 18 } });
    fixture.video.put(
      'big.m4s',
      Array.from({ length: 24 }, (_, index) => Buffer.alloc(1 << 20, index)),
    );
    fixture.video.advance();
    const socket = connect(fixture.port, '127.0.0.1');
    let bytes = 0;
    let turns = 0;
    socket.on('data', (piece: Buffer) => {
      bytes += piece.length;
      // Rests longer in all than the time-out, but never as long as it.
      if (++turns % 16 === 0) {
        socket.pause();
        setTimeout(() => socket.resume(), 30);
      }
    });
    socket.write('GET /hls/live/720p/big.m4s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await until(() => socket.destroyed, 'read to the end', 20_000);
    expect(bytes).toBeGreaterThan(24 << 20);
    expect(fixture.origin.stats().draining).toBe(0);
  });
});

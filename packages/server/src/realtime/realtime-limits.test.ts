import { createRequire } from 'node:module';
import { v7 } from 'uuid';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_REALTIME_LIMITS, type RealtimeLimits } from './realtime-limits.ts';
import { RawSocket } from './testing/raw-socket.ts';
import { RealtimeFixture, TRUSTED_ORIGIN } from './testing/realtime-fixture.ts';
import { TestClient } from './testing/test-client.ts';

let fixture: RealtimeFixture;
const open: { close(): void }[] = [];
const streamId = v7();

afterEach(async () => {
  for (const each of open.splice(0)) each.close();
  await fixture.close();
});

async function start(limits: Partial<RealtimeLimits> = {}): Promise<void> {
  fixture = await RealtimeFixture.start(limits);
}

async function raw(options: Parameters<typeof RawSocket.open>[1] = {}): Promise<RawSocket> {
  const socket = await RawSocket.open(fixture.port, options);
  open.push(socket);
  return socket;
}

/** One that has connected to Socket.IO too. */
async function connectedRaw(): Promise<RawSocket> {
  const socket = await raw();
  socket.frame('40');
  await until('connected', () => socket.received.includes('40{"sid"'));
  return socket;
}

async function client(options: Parameters<typeof TestClient.connect>[1] = {}): Promise<TestClient> {
  const connected = await TestClient.connect(fixture.url, options);
  open.push(connected);
  return connected;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(holds(), what).toBe(true), { timeout: 5000, interval: 10 });
}

describe('versions that have known holes are not used', () => {
  test.each([
    ['socket.io-parser', '4.2.7'],
    ['engine.io', '6.6.7'],
    // CVE-2024-37890, and CVE-2021-32640 before.
    ['ws', '8.17.1'],
  ])('%s is at least %s', async (name, floor) => {
    await start();
    const require = createRequire(import.meta.url);
    const path = require.resolve('socket.io').replace(/socket\.io\/dist.*/, `${name}/package.json`);
    const { version } = require(path) as { version: string };
    expect(
      version.localeCompare(floor, 'en', { numeric: true }),
      `${name} ${version}`,
    ).toBeGreaterThanOrEqual(0);
  });
});

describe('sockets', () => {
  test('200 of one address, and not one more', async () => {
    await start();
    const { socketsPerAddress } = DEFAULT_REALTIME_LIMITS;
    expect(socketsPerAddress).toBe(200);
    const sockets = await Promise.all(Array.from({ length: socketsPerAddress }, () => raw()));
    expect(sockets.every(({ status }) => status === 101)).toBe(true);
    expect((await raw()).status).toBe(429);
    fixture.addressOf = () => '192.0.2.2';
    expect((await raw()).status).toBe(101);
    fixture.addressOf = () => '192.0.2.1';
    sockets[0]?.close();
    await until('one is uncounted', () => fixture.server.sockets === socketsPerAddress);
    expect((await raw()).status).toBe(101);
  });

  test('so many in all, and not one more', async () => {
    expect(DEFAULT_REALTIME_LIMITS.sockets).toBe(10_000);
    await start({ sockets: 5 });
    let count = 0;
    fixture.addressOf = () => `192.0.2.${count++}`;
    for (let index = 0; index < 5; index++) expect((await raw()).status).toBe(101);
    expect((await raw()).status).toBe(503);
  });

  test('this machine has no cap of its own, unless it should', async () => {
    await start({ socketsPerAddress: 1, exemptLoopback: true });
    fixture.addressOf = () => '127.0.0.1';
    expect((await raw()).status).toBe(101);
    expect((await raw()).status).toBe(101);
    // Others, whom a proxy on it sends.
    expect((await raw({ headers: ['X-Forwarded-For: 192.0.2.1'] })).status).toBe(429);
    await fixture.close();
    await start({ socketsPerAddress: 1, exemptLoopback: false });
    fixture.addressOf = () => '127.0.0.1';
    expect((await raw()).status).toBe(101);
    expect((await raw()).status).toBe(429);
  });

  test('a refused upgrade does not count', async () => {
    await start();
    await raw({ headers: ['Origin: https://evil.example'] });
    await raw({ target: '/socket.io/?EIO=4&transport=polling' });
    await until('nothing is counted', () => fixture.server.sockets === 0);
  });

  test('a connection that does not say who it is is cut after the time for it', async () => {
    await start({ handshakeTimeoutMs: 200 });
    const socket = await raw();
    const connected = await connectedRaw();
    await until('cut', () => socket.isClosed);
    expect(connected.isClosed).toBe(false);
  });

  test('a connection that answers no ping is cut', async () => {
    await start({ pingIntervalMs: 100, pingTimeoutMs: 100 });
    const socket = await connectedRaw();
    await until('cut', () => socket.isClosed);
  });
});

describe('handshakes', () => {
  test.each([
    ['https://evil.example', 403],
    ['null', 403],
    [`${TRUSTED_ORIGIN}.evil.example`, 403],
    ['https://evil-chat.example.org', 403],
    ['http://chat.example.org', 403],
    ['https://sub.chat.example.org', 403],
    ['https://chat.example.org:8443', 403],
    ['https://chat.example.org/', 403],
    ['HTTPS://CHAT.EXAMPLE.ORG', 403],
    ['file://', 403],
    [TRUSTED_ORIGIN, 101],
  ])('a page of %s gets %i', async (origin, status) => {
    await start();
    expect((await raw({ headers: [`Origin: ${origin}`] })).status).toBe(status);
  });

  test('our own page, and what is no browser, are let in', async () => {
    await start();
    expect((await raw({ headers: [`Origin: http://127.0.0.1:${fixture.port}`] })).status).toBe(101);
    expect((await raw()).status).toBe(101);
  });

  test('there is no polling, no upgrade of a session, no old protocol and no other namespace', async () => {
    await start();
    expect((await fetch(`${fixture.url}/socket.io/?EIO=4&transport=polling`)).status).toBe(404);
    expect((await raw({ target: '/socket.io/?EIO=4&transport=polling' })).status).toBe(400);
    expect((await raw({ target: '/socket.io/?EIO=4&transport=websocket&sid=abc' })).status).toBe(400);
    expect((await raw({ target: '/socket.io/?EIO=4&transport=websocket&sid=__proto__' })).status).toBe(400);
    const old = await raw({ target: '/socket.io/?EIO=3&transport=websocket' });
    await until('the old protocol is closed', () => old.isClosed);
    const socket = await raw();
    socket.frame('40/admin,');
    await until('no such namespace', () => socket.received.includes('44/admin'));
  });

  test('nothing is said about compression', async () => {
    await start();
    const socket = await raw({ headers: ['Sec-WebSocket-Extensions: permessage-deflate'] });
    expect(socket.status).toBe(101);
    expect(socket.received).not.toContain('deflate');
  });

  test('a token that is none is refused, and says so', async () => {
    await start();
    for (const token of ['wrong', 'x'.repeat(14_001), 'a b', 'ä']) {
      await expect(client({ token })).rejects.toMatchObject({ data: { code: 'UNAUTHENTICATED' } });
    }
    expect(fixture.actors.asked).toBe(1);
  });

  test('a token speaks for itself: the cookie beside it is not looked at', async () => {
    await start();
    const headers = { cookie: `session=${fixture.actors.issue()}` };
    await expect(client({ token: 'wrong', headers })).rejects.toMatchObject({ message: 'no such token' });
    const byCookie = await client({ headers });
    expect(await byCookie.ask('chat:send', { streamId, content: 'x', clientId: 'a' })).toMatchObject({
      ok: true,
    });
  });
});

describe('what a connection may send', () => {
  test('10 events in a second, and not one more; the refusal says when', async () => {
    expect(DEFAULT_REALTIME_LIMITS.eventsPerSecond).toBe(10);
    await start();
    const asking = await client();
    const answers = await Promise.all(
      Array.from({ length: 11 }, () => asking.ask('stream:leave', { streamId })),
    );
    expect(answers.filter(({ ok }) => ok)).toHaveLength(10);
    expect(answers[10]).toMatchObject({
      error: { code: 'RATE_LIMITED', details: { retryAfterSeconds: 1 } },
    });
    await vi.waitFor(async () =>
      expect(await asking.ask('stream:leave', { streamId })).toEqual({ ok: true }),
    );
  });

  test('a frame of 16 KB, and not one byte more', async () => {
    expect(DEFAULT_REALTIME_LIMITS.frameBytes).toBe(16_384);
    await start();
    const padded = (length: number): string => {
      const [head, tail] = ['420["chat:send","', '"]'];
      return `${head}${'x'.repeat(length - head.length - tail.length)}${tail}`;
    };
    expect(padded(16_384)).toHaveLength(16_384);
    const [fits, tooLong] = [await connectedRaw(), await connectedRaw()];
    fits.frame(padded(16_384));
    await until('answered', () => fits.received.includes('430[{"ok":false'));
    tooLong.frame(padded(16_385));
    await until('cut', () => tooLong.isClosed);
    expect(fits.isClosed).toBe(false);
  });

  test('100 frames in a second, and not one more, whatever they are', async () => {
    expect(DEFAULT_REALTIME_LIMITS.framesPerSecond).toBe(100);
    for (const [payload, opcode] of [
      ['42["nothing"]', 1],
      ['3', 1],
      ['ping', 9],
    ] as const) {
      await start();
      const [calm, rude] = [await connectedRaw(), await connectedRaw()];
      // One was the connect.
      for (let index = 0; index < 99; index++) calm.frame(payload, opcode);
      for (let index = 0; index < 101; index++) rude.frame(payload, opcode);
      await until(`${payload} is cut`, () => rude.isClosed);
      calm.socket.write('');
      expect(calm.isClosed).toBe(false);
      await fixture.close();
    }
    await start();
  });

  test('nothing binary', async () => {
    await start();
    for (const [payload, opcode] of [
      ['451-["chat:send",{"_placeholder":true,"num":0}]', 1],
      ['461-0[{"_placeholder":true,"num":0}]', 1],
      ['42["x"]', 2],
    ] as const) {
      const socket = await connectedRaw();
      socket.frame(payload, opcode);
      await until(`${payload} is cut`, () => socket.isClosed);
    }
  });

  test('20 rooms, and not one more', async () => {
    const { roomsPerSocket } = DEFAULT_REALTIME_LIMITS;
    await start({ eventsPerSecond: 100 });
    const joining = await client();
    const streams = Array.from({ length: roomsPerSocket + 1 }, () => v7());
    const answers = [];
    for (const each of streams) answers.push(await joining.ask('stream:join', { streamId: each }));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(20);
    expect(answers.at(-1)).toMatchObject({ error: { code: 'RATE_LIMITED' } });
    expect(await joining.ask('stream:join', { streamId: streams[0] })).toMatchObject({ ok: true });
  });

  test('20 rooms asked for at once, and not one more', async () => {
    await start({ eventsPerSecond: 100 });
    const joining = await client();
    const asked = Array.from({ length: 25 }, () => joining.ask('stream:join', { streamId: v7() }));
    expect((await Promise.all(asked)).filter(({ ok }) => ok)).toHaveLength(20);
  });

  test('frames of garbage and names of prototypes end one connection at most; the others are served', async () => {
    await start({ framesPerSecond: 1000, eventsPerSecond: 1000 });
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    process.on('unhandledRejection', onError);
    const payloads = [
      ...[
        '',
        '4',
        '42',
        '42[',
        '42{}',
        '42[]',
        '42[null]',
        '42["__proto__"]',
        '42["constructor",1]',
        '42["toString"]',
      ],
      ...[
        '40',
        '40{"__proto__":{"token":"x"}}',
        '40null',
        '40[]',
        '41',
        '43',
        '430[]',
        '43999999999999999999[]',
      ],
      ...[
        '4299999999999999999999["stream:join"]',
        '42["connect"]',
        '42["disconnect"]',
        '42["error","x"]',
        '44{"x":1}',
      ],
      ...['42["stream:join",{"streamId":"__proto__"}]', '42["stream:join",{"__proto__":{"streamId":"x"}}]'],
      ...[
        '42["chat:history",{"streamId":"constructor","afterSeq":-1}]',
        '0',
        '1',
        '2probe',
        '5',
        '6',
        '9',
        'ÿþ',
      ],
      ...[
        '40{"pid":"__proto__","offset":"x"}',
        '40{"pid":"constructor","offset":"a.b.c"}',
        `42${'['.repeat(16_000)}`,
      ],
    ];
    const good = await client();
    for (const payload of payloads) {
      for (const isConnected of [true, false]) {
        const socket = isConnected ? await connectedRaw() : await raw();
        socket.frame(payload);
        socket.frame('42["stream:leave"]');
      }
      expect(await good.ask('stream:leave', { streamId }), payload).toEqual({ ok: true });
    }
    process.off('unhandledRejection', onError);
    expect(errors).toEqual([]);
    expect(({} as { token?: string }).token).toBeUndefined();
  });
});

describe('what waits to be sent', () => {
  test('to a client that does not read is 1 MB at most; then it is cut, and the others never notice', async () => {
    expect(DEFAULT_REALTIME_LIMITS.sendBufferBytes).toBe(1_048_576);
    await start();
    const [deaf, reader] = [await connectedRaw(), await client()];
    await reader.ask('stream:join', { streamId });
    deaf.frame(`420["stream:join",{"streamId":"${streamId}"}]`);
    await until('joined', () => deaf.received.includes('430[{"ok":true'));
    deaf.socket.pause();
    const before = fixture.server.sockets;
    const title = 'x'.repeat(10_000);
    let told = 0;
    // What the kernels of both sides take comes on top.
    while (fixture.server.sockets === before && told < 3000) {
      for (let index = 0; index < 20; index++, told++) {
        fixture.events.emit('stream-updated', { streamId, changes: { title } });
      }
      await new Promise((resolve) => setTimeout(resolve, 55));
    }
    expect(fixture.server.sockets).toBe(before - 1);
    await until('the reader has all', () => reader.of('stream:updated').length === told);
  });
});

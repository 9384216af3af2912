import { type AmfInput, writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { RtmpPublisher } from '@tallylight/server/ingest/rtmp/testing/rtmp-publisher.ts';
import { controlMessage } from '@tallylight/server/rtmp/chunk-writer.ts';
import { MESSAGE_TYPE } from '@tallylight/server/rtmp/rtmp-message.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bystander } from '../support/bystander.ts';
import { QUICK_ENV } from '../support/live-stream.ts';
import { errorLines, troubleLines } from '../support/log-levels.ts';
import { anotherAddress } from '../support/peer-addresses.ts';
import { residentMb } from '../support/process-memory.ts';
import { Tallylight } from '../support/tallylight.ts';

let server: Tallylight;
let bystander: Bystander;
let attackerKey: string;
let quietMb: number;

beforeAll(async () => {
  server = await Tallylight.start({ env: QUICK_ENV });
  attackerKey = await server.addKey('attacker');
  bystander = await Bystander.start(server);
  quietMb = await residentMb(server.pid);
});

afterAll(() => server.stop());

/** A peer that said `connect`, from an address of its own. */
async function connected(): Promise<RtmpPublisher> {
  const peer = await RtmpPublisher.open({ port: server.rtmpPort, localAddress: anotherAddress() });
  await peer.shakeHands();
  await peer.connect('live');
  return peer;
}

function publishing(): Promise<RtmpPublisher> {
  return RtmpPublisher.publish({ port: server.rtmpPort, key: attackerKey, localAddress: anotherAddress() });
}

/** Header of a chunk of type 0 (RTMP 1.0 §5.3.1.2.1) that promises a message of `length` bytes. */
function promise(chunkStreamId: number, length: number, type: number): Buffer {
  const header = Buffer.alloc(12);
  header[0] = chunkStreamId;
  header.writeUIntBE(length, 4, 3);
  header[7] = type;
  header.writeUInt32LE(1, 8);
  return header;
}

function warnings(): Record<string, unknown>[] {
  return troubleLines(server);
}

describe('security 10: sizes of RTMP chunks and messages', () => {
  test('what promises much and sends little costs little memory', async () => {
    const peers: RtmpPublisher[] = [];
    // Before a key: 16 MiB promised on each of many chunk streams.
    for (let i = 0; i < 100; i++) {
      const peer = await connected();
      peer.sendRaw(promise(3 + (i % 50), 0xff_ffff, MESSAGE_TYPE.commandAmf0));
      peer.sendRaw(Buffer.alloc(128));
      peers.push(peer);
    }
    await Promise.all(peers.map((peer) => peer.closed));
    // With a key: 8 MiB on every chunk stream allowed, half sent, never finished.
    const publisher = await publishing();
    publisher.setChunkBytes(65_536);
    for (let id = 4; id < 12; id++) {
      publisher.sendRaw(promise(id, 8 * 1024 * 1024, MESSAGE_TYPE.video));
      publisher.sendRaw(Buffer.alloc(65_536, 0x17));
    }
    expect((await residentMb(server.pid)) - quietMb).toBeLessThan(100);
    publisher.destroy();
    await publisher.closed;
  });

  test.each([0, 1, 127, 65_537, 0x7fff_ffff])('a chunk size of %d ends the connection', async (size) => {
    const peer = await connected();
    const before = warnings().length;
    peer.sendMessage(2, controlMessage('setChunkSize', size));
    await peer.closed;
    await expect.poll(() => warnings().length - before).toBe(1);
  });

  test('1-byte chunks, aborted messages and endless acknowledgements keep nobody busy', async () => {
    const peer = await publishing();
    for (let i = 0; i < 2000; i++) {
      peer.sendRaw(promise(5, 1, MESSAGE_TYPE.userControl));
      peer.sendRaw(Buffer.from([0]));
      peer.sendMessage(2, controlMessage('abort', 5));
      peer.sendMessage(2, controlMessage('windowAckSize', 1));
    }
    expect((await peer.call('getStreamLength', null, 'x')).name).toBe('_result');
    peer.destroy();
    await peer.closed;
  });
});

describe('security 11: depth and counts in AMF', () => {
  const deep = (marker: readonly number[], levels: number): Buffer =>
    Buffer.concat(Array.from({ length: levels }, () => Buffer.from(marker)));
  const string = (text: string): Buffer => Buffer.from([2, 0, text.length, ...Buffer.from(text)]);
  const bodies: readonly (readonly [string, Buffer])[] = [
    ['objects in objects', deep([3, 0, 1, 0x61], 1000)],
    ['ECMA arrays in ECMA arrays', deep([8, 0xff, 0xff, 0xff, 0xff, 0, 1, 0x61], 500)],
    ['strict arrays in strict arrays', deep([10, 0, 0, 0, 1], 800)],
    ['a strict array of 2³² − 1', Buffer.from([10, 0xff, 0xff, 0xff, 0xff, 5])],
    [
      'an object of 1000 keys',
      Buffer.concat([Buffer.from([3]), ...Array.from({ length: 1000 }, () => Buffer.from([0, 0, 5]))]),
    ],
    ['a long string of 4 GiB', Buffer.from([12, 0xff, 0xff, 0xff, 0xff, 0x61])],
    ['a reference', Buffer.from([7, 0, 0])],
    ['an unknown marker', Buffer.from([0x11, 1, 2])],
    ['a thousand values', Buffer.alloc(3000, 5)],
  ];

  test.each(bodies)('%s: one line with the peer’s address, and the server goes on', async (_, body) => {
    for (const type of [MESSAGE_TYPE.commandAmf0, MESSAGE_TYPE.dataAmf0]) {
      const peer = type === MESSAGE_TYPE.dataAmf0 ? await publishing() : await connected();
      const address = `${peer.socket.localAddress}:${peer.socket.localPort}`;
      const name =
        type === MESSAGE_TYPE.dataAmf0
          ? Buffer.concat([string('@setDataFrame'), string('onMetaData')])
          : string('x');
      peer.sendMessage(3, { type, streamId: 1, timestampMs: 0, payload: Buffer.concat([name, body]) });
      peer.sendMessage(3, { type, streamId: 1, timestampMs: 0, payload: Buffer.concat([name, body]) });
      peer.socket.end();
      await peer.closed;
      expect(warnings().filter((line) => line['peer'] === address).length).toBeLessThanOrEqual(1);
    }
  });
});

describe('security 12: AMF of the wrong type', () => {
  const values: readonly AmfInput[] = [
    0,
    Number.NaN,
    -1e308,
    true,
    '',
    '__proto__',
    null,
    undefined,
    { a: 1 },
    { __proto__: 1, constructor: 'x' },
    ['x', [1]],
    { dateMs: Number.NaN },
  ];
  const commands = [
    'connect',
    'releaseStream',
    'FCPublish',
    'createStream',
    'publish',
    'deleteStream',
    'closeStream',
    'FCUnpublish',
    'getStreamLength',
    'play',
    'pause',
    '_checkbw',
    'onStatus',
    '_result',
    '_error',
    '@setDataFrame',
    'toString',
    '__proto__',
  ];

  test('every argument of every command takes every type', async () => {
    for (const name of commands) {
      for (const value of values) {
        const peer =
          name === 'publish'
            ? await connected()
            : await RtmpPublisher.open({ port: server.rtmpPort, localAddress: anotherAddress() });
        if (name !== 'publish') {
          await peer.shakeHands();
          if (name !== 'connect') peer.sendCommand(0, 'connect', 1, { app: 'live' });
        }
        const talk: readonly (readonly AmfInput[])[] = [
          [name, value, value, value, value],
          [name, 2, value, value],
          [name, 2, { app: value, tcUrl: value, fourCcList: value, capsEx: value }, value],
          [name, 2, null, value, value],
          [name],
          [value, name],
        ];
        for (const values of talk) {
          peer.sendCommand(1, ...values);
          peer.sendMessage(4, {
            type: MESSAGE_TYPE.dataAmf0,
            streamId: 1,
            timestampMs: 0,
            payload: writeAmf0(...values),
          });
        }
        peer.socket.end();
        await peer.closed;
      }
    }
    expect(errorLines(server)).toEqual([]);
  });
});

describe('security 10–12', () => {
  test('the other publisher and its viewer noticed nothing, and the memory is free again', async () => {
    expect(await bystander.leave()).toEqual([]);
    expect((await residentMb(server.pid)) - quietMb).toBeLessThan(100);
    expect(server.output).not.toMatch(/unhandled|uncaught/i);
    const anonymous = warnings().filter((line) => line['peer'] === undefined);
    expect(anonymous).toEqual([]);
  });
});

import { AmfFormatError } from '@tallylight/media/amf/amf-value.ts';
import { readAmf0 } from '@tallylight/media/amf/amf0-reader.ts';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { parseAudioTag } from '@tallylight/media/flv/audio-tag.ts';
import { FlvFormatError } from '@tallylight/media/flv/flv-format-error.ts';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import { writeFlvHeader, writeFlvTag } from '@tallylight/media/flv/flv-writer.ts';
import { parseVideoTag } from '@tallylight/media/flv/video-tag.ts';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import { type Logger, silentLogger } from '../../platform/logger.ts';
import { ChunkReader } from '../../rtmp/chunk-reader.ts';
import { ChunkWriter, controlMessage } from '../../rtmp/chunk-writer.ts';
import { makeC0C1 } from '../../rtmp/handshake.ts';
import { MESSAGE_TYPE, type RtmpMessage } from '../../rtmp/rtmp-message.ts';
import { RtmpProtocolError } from '../../rtmp/rtmp-protocol-error.ts';
import { KeyFailures } from '../key-failures.ts';
import { MediaAdapter } from './media-adapter.ts';
import { UnservableMediaError } from './media-error.ts';
import { defaultRtmpLimits } from './rtmp-limits.ts';
import { RtmpServer } from './server.ts';
import { isPeerFault, Session } from './session.ts';
import { FakePublishTarget, fakeAuthorizer } from './testing/fake-publish-target.ts';
import { RtmpPublisher } from './testing/rtmp-publisher.ts';
import { ASC, AVC_CONFIG, HEVC_CONFIG, IDR } from './testing/sample-media.ts';
import { SeededRandom } from './testing/seeded-random.ts';

/** `FUZZ_SEED` repeats a run, `FUZZ_CASES` makes it longer or shorter. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const CASES = Number(process.env['FUZZ_CASES'] ?? 100_000);
/** No input may hold the event loop longer, in milliseconds. */
const MAX_CASE_MS = 50;
const RUN_MS = 60_000;

/** Runs cases until all are done or time is up; names seed and case of any that throws what it must not. */
function fuzz(
  share: number,
  one: (random: SeededRandom) => void,
  allowed: (error: unknown) => boolean,
): number {
  const cases = Math.round(CASES * share);
  const startMs = performance.now();
  let done = 0;
  for (; done < cases && performance.now() - startMs < RUN_MS * share; done++) {
    let tookMs = Number.POSITIVE_INFINITY;
    // A slow case is tried again: on a busy machine the slowness is not its own.
    for (let tries = 0; tries < 4 && tookMs > MAX_CASE_MS; tries++) {
      const random = new SeededRandom(SEED + done * 7919);
      const caseStartMs = performance.now();
      try {
        one(random);
      } catch (error) {
        if (!allowed(error)) throw new Error(`FUZZ_SEED=${SEED}, case ${done}`, { cause: error });
      }
      tookMs = performance.now() - caseStartMs;
    }
    if (tookMs > MAX_CASE_MS) throw new Error(`FUZZ_SEED=${SEED}, case ${done} took ${tookMs} ms four times`);
  }
  return done;
}

function randomValue(random: SeededRandom, depth = 0): AmfInput {
  const leaves: readonly AmfInput[] = [
    0,
    -1,
    Number.NaN,
    1e300,
    true,
    '',
    'live',
    '__proto__',
    null,
    undefined,
    { dateMs: 5 },
  ];
  if (depth > 3 || random.below(3) > 0) return random.pick(leaves);
  const items = Array.from({ length: random.below(4) }, () => randomValue(random, depth + 1));
  if (random.below(2) === 0) return items;
  const members = Object.fromEntries(
    items.map((item, i) => [random.pick(['app', 'a', 'constructor', `k${i}`]), item]),
  );
  return random.below(2) === 0 ? members : new AmfEcmaArray(members);
}

const fourCc = (first: number, name: string, ...rest: readonly number[]): Uint8Array =>
  Uint8Array.from([first, ...Buffer.from(name), ...rest]);
const VIDEO_TAGS: readonly Uint8Array[] = [
  Uint8Array.from([0x17, 0, 0, 0, 0, ...AVC_CONFIG]),
  Uint8Array.from([0x17, 1, 0, 0, 0, ...IDR, ...IDR]),
  fourCc(0x90, 'hvc1', ...HEVC_CONFIG),
  fourCc(0x91, 'hvc1', 0, 0, 1, ...IDR),
  fourCc(0x97, '\x02\x00\x00\x05\x03hvc1', 1, 2),
  fourCc(0x96, '\x13hvc1', 4, 0, 0, 2, 8, 9, 1, 0, 0, 1, 7),
];
const AUDIO_TAGS: readonly Uint8Array[] = [
  Uint8Array.from([0xaf, 0, ...ASC]),
  Uint8Array.from([0xaf, 1, 1, 2, 3]),
  fourCc(0x90, 'Opus', 1, 2),
  fourCc(0x95, '\x11mp4a', 0, 0, 0, 1, 7, 1, 0, 0, 1, 8),
];
const COMMANDS: readonly AmfInput[][] = [
  ['connect', 1, { app: 'live', tcUrl: 'rtmp://h/live', fourCcList: ['hvc1'], capsEx: 1 }],
  ['releaseStream', 2, null, 'good'],
  ['FCPublish', 3, null, 'good'],
  ['createStream', 4, null],
  ['publish', 5, null, 'good', 'live'],
  ['@setDataFrame', 'onMetaData', new AmfEcmaArray({ width: 1, framerate: 30, videocodecid: 7 })],
  ['FCUnpublish', 6, null, 'good'],
  ['deleteStream', 7, null, 1],
];

function randomMessage(random: SeededRandom): RtmpMessage {
  const type = random.below(10) === 0 ? random.below(256) : random.pick([8, 9, 9, 15, 17, 18, 20, 20, 22]);
  const sources: { readonly [type: number]: readonly Uint8Array[] } = { 8: AUDIO_TAGS, 9: VIDEO_TAGS };
  const valid = random.pick(sources[type] ?? COMMANDS.map((values) => writeAmf0(...values)));
  const payload = random.below(3) === 0 ? valid : random.mutate(valid);
  return { type, streamId: random.below(3), timestampMs: random.below(0x1_0000_0000), payload };
}

function session(random: SeededRandom): Session {
  const link = {
    peer: '127.0.0.1:1',
    limitKey: '127.0.0.1',
    protocol: 'rtmp',
    silentForMs: () => 0,
    monotonicMs: () => 0,
    send: () => {},
    beginConnection: () => {},
    pause: () => {},
    resume: () => {},
    authorised: () => {},
    unpublished: () => {},
    closeGently: () => {},
  };
  const made = new Session(link, {
    limits: defaultRtmpLimits,
    apps: ['live'],
    authorizer: fakeAuthorizer,
    target: new FakePublishTarget(),
    keyFailures: new KeyFailures(defaultRtmpLimits),
    log: silentLogger,
  });
  if (random.below(8) > 0)
    made.handle({ type: 20, streamId: 0, timestampMs: 0, payload: writeAmf0(...(COMMANDS[0] ?? [])) });
  return made;
}

describe(`fuzz, FUZZ_SEED=${SEED}`, () => {
  test('AMF0: what reads writes and reads again the same, anything else is an AmfFormatError', {
    timeout: RUN_MS,
  }, () => {
    const done = fuzz(
      0.25,
      (random) => {
        const valid = writeAmf0(...Array.from({ length: 1 + random.below(3) }, () => randomValue(random)));
        const bytes = random.below(5) === 0 ? random.bytes(random.below(64)) : random.mutate(valid);
        const values = readAmf0(bytes);
        const again = readAmf0(writeAmf0(...values));
        if (again.length !== values.length) throw new Error('AMF0 did not survive a round trip');
      },
      (error) => error instanceof AmfFormatError,
    );
    expect(done).toBeGreaterThan(0);
  });

  test('FLV: tags and files parse or are an FlvFormatError', { timeout: RUN_MS }, () => {
    const header = writeFlvHeader({ video: true, audio: true });
    fuzz(
      0.25,
      (random) => {
        const video = random.mutate(random.pick(VIDEO_TAGS));
        const audio = random.mutate(random.pick(AUDIO_TAGS));
        const file = Buffer.concat([
          header,
          ...writeFlvTag({ type: 'video', timestampMs: random.below(1e9), body: [video] }),
          ...writeFlvTag({ type: 'audio', timestampMs: 0, body: [audio] }),
        ]);
        const reader = new FlvReader((tag) => {
          if (tag.type === 'video') parseVideoTag(tag.body);
          else if (tag.type === 'audio') parseAudioTag(tag.body);
        });
        const bytes = random.below(2) === 0 ? file : random.mutate(file);
        for (let at = 0; at < bytes.length; ) {
          const end = at + 1 + random.below(40);
          reader.push(bytes.subarray(at, end));
          at = end;
        }
      },
      (error) => error instanceof FlvFormatError,
    );
  });

  test('chunks: any pieces give the same messages and the same end, memory within the limit', {
    timeout: RUN_MS,
  }, () => {
    const limits = { ...defaultRtmpLimits, maxMessageBytes: 4096 };
    const read = (bytes: Uint8Array, step: () => number): string => {
      const seen: string[] = [];
      const reader = new ChunkReader(limits, ({ type, timestampMs, payload }) =>
        seen.push(`${type} ${timestampMs} ${payload.length} ${payload[0]}`),
      );
      try {
        for (let at = 0; at < bytes.length; ) {
          const end = at + step();
          reader.push(bytes.subarray(at, end));
          if (reader.unfinishedBytes > limits.maxMessageBytes)
            throw new Error('unfinished messages beyond the limit');
          at = end;
        }
      } catch (error) {
        if (!(error instanceof RtmpProtocolError)) throw error;
        seen.push(error.message);
      }
      return seen.join('\n');
    };
    fuzz(
      0.25,
      (random) => {
        const writer = new ChunkWriter();
        const parts = Array.from({ length: 1 + random.below(4) }, () =>
          writer.write(2 + random.below(400), randomMessage(random)),
        );
        if (random.below(4) === 0)
          parts.push(
            writer.write(2, controlMessage(random.pick(['setChunkSize', 'abort']), random.below(70_000))),
          );
        const bytes = random.mutate(Buffer.concat(parts));
        const whole = read(bytes, () => bytes.length);
        if (read(bytes, () => 1 + random.below(30)) !== whole) throw new Error('pieces changed the outcome');
      },
      () => false,
    );
  });

  test('sessions: whatever is said, only the peer’s fault is thrown', { timeout: RUN_MS }, () => {
    fuzz(
      0.15,
      (random) => {
        const subject = session(random);
        for (let i = random.below(8); i >= 0; i--) subject.handle(randomMessage(random));
      },
      isPeerFault,
    );
  });

  test('media: broken tags are dropped, only an unservable codec is thrown', { timeout: RUN_MS }, () => {
    const sink = {
      writeTrack: () => {},
      writeUnit: () => {},
      expectTracks: () => {},
      report: () => {},
      end: () => {},
    };
    fuzz(
      0.1,
      (random) => {
        const adapter = new MediaAdapter(sink, silentLogger);
        for (const tag of VIDEO_TAGS)
          adapter.video(random.below(0x1_0000_0000), random.below(2) === 0 ? tag : random.mutate(tag));
        for (const tag of AUDIO_TAGS)
          adapter.audio(random.below(0x1_0000_0000), random.below(2) === 0 ? tag : random.mutate(tag));
      },
      (error) => error instanceof UnservableMediaError,
    );
  });

  test('through sockets: the server stays, its memory too, and another publisher loses nothing', {
    timeout: RUN_MS,
  }, async () => {
    const random = new SeededRandom(SEED);
    const target = new FakePublishTarget();
    const errors: object[] = [];
    const log: Logger = { ...silentLogger, error: (fields) => void errors.push(fields), child: () => log };
    const limits = { maxKeyFailuresPerMinute: 1e9 };
    const server = new RtmpServer({ authorizer: fakeAuthorizer, target, clock: systemClock, log, limits });
    const port = await server.listen({ port: 0, host: '127.0.0.1' });
    const bystander = await RtmpPublisher.publish({ port, key: 'good-bystander' });
    bystander.sendTag('video', 0, [VIDEO_TAGS[0] ?? IDR]);
    const heapBytes = process.memoryUsage().heapUsed;
    const runs = Math.round(CASES / 400);
    const startMs = performance.now();
    let sent = 0;
    for (let i = 0; i < runs && performance.now() - startMs < RUN_MS / 3; i++) {
      bystander.sendTag('video', sent++, [VIDEO_TAGS[1] ?? IDR]);
      const peer = await RtmpPublisher.open({ port });
      const writer = new ChunkWriter();
      const talk = [
        makeC0C1(random.pick([undefined, 0, 1])),
        new Uint8Array(1536),
        ...COMMANDS.slice(0, 5).map((values) =>
          writer.write(3, {
            type: MESSAGE_TYPE.commandAmf0,
            streamId: 1,
            timestampMs: 0,
            payload: writeAmf0(...values),
          }),
        ),
        ...Array.from({ length: random.below(10) }, () =>
          writer.write(4 + random.below(3), randomMessage(random)),
        ),
      ];
      const broken = random.below(talk.length);
      peer.sendRaw(
        Buffer.concat(
          talk.map((part, at) => (at >= broken && random.below(2) === 0 ? random.mutate(part) : part)),
        ),
      );
      peer.socket.end();
      await peer.closed;
    }
    await expect.poll(() => target.publications[0]?.units.length, { timeout: 5000 }).toBe(sent);
    expect(target.publications[0]?.ended).toBeUndefined();
    expect(errors).toEqual([]);
    expect(process.memoryUsage().heapUsed - heapBytes).toBeLessThan(100e6);
    bystander.destroy();
    await server.close();
    expect(server.dump().connections).toEqual([]);
  });
});

import { readFile } from 'node:fs/promises';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '@tallylight/media/amf/amf0-writer.ts';
import { FlvReader } from '@tallylight/media/flv/flv-reader.ts';
import type { FlvTag } from '@tallylight/media/flv/flv-tag.ts';
import type { SeededRandom } from '@tallylight/server/ingest/rtmp/testing/seeded-random.ts';
import { ChunkWriter, controlMessage } from '@tallylight/server/rtmp/chunk-writer.ts';
import { makeC0C1 } from '@tallylight/server/rtmp/handshake.ts';
import { MESSAGE_TYPE, type RtmpMessage } from '@tallylight/server/rtmp/rtmp-message.ts';
import { makeClip } from '../support/clip.ts';

const MEDIA_TYPE: { readonly [type: string]: number } = {
  audio: MESSAGE_TYPE.audio,
  video: MESSAGE_TYPE.video,
  script: MESSAGE_TYPE.dataAmf0,
};

/** Messages before the first tag. */
const PROLOGUE = 6;

/** The first tags of a real clip, configuration and all. */
export async function realTags(count: number): Promise<readonly FlvTag[]> {
  const tags: FlvTag[] = [];
  const reader = new FlvReader((tag) => tags.push({ ...tag, body: tag.body.slice() }));
  reader.push(await readFile(await makeClip({ gop: 30, seconds: 60 })));
  return tags.slice(0, count);
}

/** What an encoder sends from C0 to its goodbye, blindly, message by message; some of it deranged. */
export function derangedSession(random: SeededRandom, key: string, tags: readonly FlvTag[]): Uint8Array[] {
  const handshake = [makeC0C1(random.pick([undefined, 0, 1])), new Uint8Array(1536)];
  const messages = sessionMessages(key, tags.slice(0, 2 + random.below(tags.length - 2)));
  // Order, repetition and loss.
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(messages.length);
    const message = messages[at];
    if (message === undefined || (at < PROLOGUE && random.below(4) > 0)) continue;
    if (random.below(3) === 0) messages.splice(at, 1);
    else messages.splice(PROLOGUE + random.below(messages.length - PROLOGUE), random.below(2), message);
  }
  const writer = new ChunkWriter();
  // Up to here all is well: what never gets past the door tests the door only.
  const calm = random.below(3) === 0 ? 0 : random.below(messages.length);
  const pieces = messages.map((message, at) => {
    const kind = at < calm ? -1 : random.below(25);
    const payload = kind === 0 ? random.mutate(message.payload) : message.payload;
    const type = kind === 1 ? random.below(256) : message.type;
    const timestampMs = kind === 2 ? random.below(0x1_0000_0000) : message.timestampMs;
    const chunkStreamId = kind === 3 ? 2 + random.below(400) : 3 + (message.type % 6);
    const bytes = writer.write(chunkStreamId, { ...message, type, payload, timestampMs });
    return kind === 4 ? random.mutate(bytes) : bytes;
  });
  if (random.below(8) === 0) {
    const odd = controlMessage(
      random.pick(['setChunkSize', 'abort', 'windowAckSize']),
      random.below(0x7fff_ffff),
    );
    pieces.splice(calm + random.below(pieces.length - calm), 0, writer.write(2, odd));
  }
  return [...handshake.map((bytes) => (random.below(30) === 0 ? random.mutate(bytes) : bytes)), ...pieces];
}

function sessionMessages(key: string, tags: readonly FlvTag[]): RtmpMessage[] {
  const command = (...values: readonly AmfInput[]): RtmpMessage => ({
    type: MESSAGE_TYPE.commandAmf0,
    streamId: values[0] === 'publish' ? 1 : 0,
    timestampMs: 0,
    payload: writeAmf0(...values),
  });
  const metadata = new AmfEcmaArray({
    width: 320,
    height: 180,
    framerate: 30,
    videocodecid: 7,
    audiocodecid: 10,
  });
  return [
    command('connect', 1, { app: 'live', type: 'nonprivate', tcUrl: 'rtmp://127.0.0.1/live', capsEx: 15 }),
    command('releaseStream', 2, null, key),
    command('FCPublish', 3, null, key),
    command('createStream', 4, null),
    command('publish', 5, null, key, 'live'),
    {
      type: MESSAGE_TYPE.dataAmf0,
      streamId: 1,
      timestampMs: 0,
      payload: writeAmf0('@setDataFrame', 'onMetaData', metadata),
    },
    ...tags.map(({ type, timestampMs, body }) => ({
      type: MEDIA_TYPE[type] ?? MESSAGE_TYPE.video,
      streamId: 1,
      timestampMs,
      payload: body,
    })),
    command('FCUnpublish', 6, null, key),
    command('deleteStream', 7, null, 1),
  ];
}

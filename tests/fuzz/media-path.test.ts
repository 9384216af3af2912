import { parseMediaPlaylist } from '@tallylight/hls/parse-media-playlist.ts';
import { writeMediaPlaylist } from '@tallylight/hls/write-media-playlist.ts';
import { defaultAmfLimits } from '@tallylight/media/amf/amf-value.ts';
import type { FlvTag } from '@tallylight/media/flv/flv-tag.ts';
import { UnservableMediaError } from '@tallylight/server/ingest/rtmp/media-error.ts';
import { PublisherFeed } from '@tallylight/server/ingest/rtmp/publisher-feed.ts';
import { SeededRandom } from '@tallylight/server/ingest/rtmp/testing/seeded-random.ts';
import { LiveSessions } from '@tallylight/server/pipeline/live-sessions.ts';
import type { Clock } from '@tallylight/server/platform/clock.ts';
import type { Logger } from '@tallylight/server/platform/logger.ts';
import { MESSAGE_TYPE } from '@tallylight/server/rtmp/rtmp-message.ts';
import { describe, expect, test } from 'vitest';
import { realTags } from './recorded-session.ts';

/** `FUZZ_SEED` repeats a run, `FUZZ_CASES` makes it longer or shorter. */
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
const TAGS = Number(process.env['FUZZ_CASES'] ?? 100_000);
const RUN_MS = 15_000;
const TAGS_PER_SESSION = 300;
/** A few sessions in a row are one stream's: its publisher went and came back. */
const SESSIONS_PER_STREAM = 4;
/** No session may hold the event loop for longer than this for each tag, on average. */
const MAX_TAG_MS = 10;

/** A clock that stands still until it is told the time. */
class HandClock implements Clock {
  ms = 0;

  now(): number {
    return 1_800_000_000_000 + this.ms;
  }

  monotonicMs(): number {
    return this.ms;
  }
}

describe('fuzz: from FLV tags to playlists', () => {
  test('whatever a publisher sends is packaged or dropped; nothing unforeseen is thrown, every playlist parses', async () => {
    const tags = await realTags(TAGS_PER_SESSION);
    const errors: object[] = [];
    const log: Logger = {
      debug() {},
      info() {},
      warn() {},
      error: (fields, event) => void errors.push({ event, ...fields }),
      child: () => log,
    };
    const clock = new HandClock();
    const sessions = new LiveSessions({
      options: {
        packager: { partDurationMs: 200, segmentDurationMs: 1000, targetDurationSec: 2, windowSegments: 6 },
        reconnectWindowMs: 60_000,
        trackSilenceMs: 250,
        secondTrackWaitMs: 0,
        takeoverSilenceMs: 1500,
      },
      clock,
      log,
      spool: undefined,
      encoderFor: undefined,
    });
    const startMs = performance.now();
    let sent = 0;
    let playlists = 0;
    for (let session = 0; sent < TAGS && performance.now() - startMs < RUN_MS; session++) {
      const seed = SEED + session * 7919;
      const random = new SeededRandom(seed);
      const streamId = `s${Math.floor(session / SESSIONS_PER_STREAM)}`;
      const sessionMs = performance.now();
      sent += publish(sessions, streamId, random, tags, clock, log);
      const perTagMs = (performance.now() - sessionMs) / TAGS_PER_SESSION;
      expect(perTagMs, `FUZZ_SEED=${seed}`).toBeLessThan(MAX_TAG_MS);
      expect(errors, `FUZZ_SEED=${seed} FUZZ_CASES=1 repeats it`).toEqual([]);
      for (const feed of sessions.presentation(streamId)?.renditions().values() ?? []) {
        const playlist = feed.playlist();
        if (playlist.segments.length > 0) playlists++;
        parseMediaPlaylist(writeMediaPlaylist(playlist));
      }
      // Its timers get their turn.
      if (session % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    sessions.close();
    expect(sent).toBeGreaterThanOrEqual(Math.min(TAGS, 100_000) / 2);
    // A single session, run again by its seed, may come to nothing.
    if (TAGS > 10 * TAGS_PER_SESSION) expect(playlists).toBeGreaterThan(10);
    expect(errors).toEqual([]);
  });
});

/** One publisher's life. Gives the number of tags sent. */
function publish(
  sessions: LiveSessions,
  streamId: string,
  random: SeededRandom,
  tags: readonly FlvTag[],
  clock: HandClock,
  log: Logger,
): number {
  const sink = sessions.publish({
    streamId,
    keyId: 'key',
    protocol: 'rtmp',
    peer: '127.0.0.1:1',
    silentForMs: () => 10_000,
    evict: () => {},
  });
  const feed = new PublisherFeed(sink, log, defaultAmfLimits);
  const rate = random.pick([2, 5, 20, 100]);
  const shiftMs = random.below(2) === 0 ? 0 : random.below(0x1_0000_0000);
  const startMs = clock.ms;
  let sent = 0;
  for (const tag of tags) {
    sent++;
    clock.ms = Math.max(clock.ms, startMs + tag.timestampMs);
    const broken = random.below(rate) === 0;
    const kind = random.below(broken ? 4 : 1);
    if (broken && kind === 1) continue;
    const jumpMs = broken && kind === 2 ? random.below(20_000) - 10_000 : 0;
    const type =
      tag.type === 'video'
        ? MESSAGE_TYPE.video
        : tag.type === 'audio'
          ? MESSAGE_TYPE.audio
          : MESSAGE_TYPE.dataAmf0;
    const timestampMs = (tag.timestampMs + shiftMs + jumpMs) >>> 0;
    try {
      feed.take({ type, streamId: 1, timestampMs, payload: broken ? random.mutate(tag.body) : tag.body });
    } catch (error) {
      if (!(error instanceof UnservableMediaError)) throw error;
      break;
    }
  }
  sink.end(random.pick(['unpublished', 'connection-lost', 'protocol-error']));
  clock.ms += random.below(3000);
  return sent;
}

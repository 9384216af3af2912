import type { StreamQualityMetrics } from '@tallylight/protocol/entities/viewing.ts';
import type { Database } from '../../db/database.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ControlEvents } from '../control-events.ts';
import type { LivePort } from '../live-port.ts';
import { qualitySample } from './quality-sample.ts';
import { SampleWriter } from './sample-writer.ts';
import { DEFAULT_TELEMETRY_LIMITS, type TelemetryLimits } from './telemetry-limits.ts';

/** What telemetry needs. */
export interface TelemetryServiceOptions {
  readonly database: Database;
  readonly events: ControlEvents;
  readonly live: LivePort;
  /** Playback sessions of a stream, and the middle of the delays that their players tell. */
  readonly viewers: {
    count(streamId: string): number;
    latencyMs(streamId: string): number | undefined;
  };
  readonly clock: Clock;
  readonly log: Logger;
  /** Default {@link DEFAULT_TELEMETRY_LIMITS}. */
  readonly limits?: Partial<TelemetryLimits>;
}

/** Ids of streams that the database can know. Others, of keys in the key file, are names. */
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/**
 * Measures every stream that has a media session, from its first publisher to its end, at even intervals. `quality-metrics` is told when a
 * sample was taken, written or not: the broadcaster sees how the stream does while the database is away, too.
 */
export class TelemetryService {
  readonly #options: TelemetryServiceOptions;
  readonly #limits: TelemetryLimits;
  readonly #writer: SampleWriter;
  /** Streams with a media session, with what they had dropped when they were sampled last. */
  readonly #streams = new Map<string, number | undefined>();
  readonly #latest = new Map<string, StreamQualityMetrics>();
  #unlisten: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Measures nothing yet: see {@link start}. */
  constructor(options: TelemetryServiceOptions) {
    const { database, log } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_TELEMETRY_LIMITS, ...options.limits };
    this.#writer = new SampleWriter({ database, log, limits: this.#limits });
  }

  /** Begins; before the first publisher comes, or it is missed. */
  start(): void {
    this.#unlisten ??= this.#options.live.onEvent(({ type, streamId }) => {
      if (type === 'publisher-connected' && UUID.test(streamId) && !this.#streams.has(streamId))
        this.#streams.set(streamId, undefined);
      if (type === 'ended') this.#forget(streamId);
    });
    this.#timer ??= setInterval(() => void this.sample(), this.#limits.sampleEveryMs);
    this.#timer.unref();
  }

  /** The newest sample of each stream that has a media session. */
  get latest(): ReadonlyMap<string, StreamQualityMetrics> {
    return this.#latest;
  }

  /** Samples that wait for the database. */
  get pending(): number {
    return this.#writer.pending;
  }

  /** Takes one sample of every stream, tells and writes them. Never rejects. */
  async sample(): Promise<void> {
    const { clock, events } = this.#options;
    const recordedAtMs = clock.now();
    const samples: StreamQualityMetrics[] = [];
    for (const [streamId, droppedBefore] of this.#streams) {
      const sample = this.#sampleOf(streamId, recordedAtMs, droppedBefore);
      if (sample === undefined) continue;
      samples.push(sample);
      this.#latest.set(streamId, sample);
      events.emit('quality-metrics', sample);
    }
    await this.#writer.write(samples);
  }

  /** Measures no more, and writes what waits if it can be written; idempotent. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#unlisten?.();
    await this.#writer.write([]);
  }

  #sampleOf(
    streamId: string,
    recordedAtMs: number,
    droppedBefore: number | undefined,
  ): StreamQualityMetrics | undefined {
    const { live, viewers } = this.#options;
    const figures = live.figures(streamId);
    if (figures === undefined) {
      this.#forget(streamId);
      return undefined;
    }
    this.#streams.set(streamId, figures.droppedFrames);
    const { hls, whep } = live.viewers(streamId);
    return qualitySample({
      ...{ streamId, recordedAtMs, figures, droppedBefore },
      viewers: viewers.count(streamId),
      connections: hls + whep,
      latencyMs: viewers.latencyMs(streamId),
    });
  }

  #forget(streamId: string): void {
    this.#streams.delete(streamId);
    this.#latest.delete(streamId);
  }
}

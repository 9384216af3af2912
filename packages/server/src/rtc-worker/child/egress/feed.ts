import { opusPacketSamples } from '@tallylight/media/codecs/opus/packet-duration.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { VideoTrack } from '../../../stream/track.ts';
import type { WireUnit } from '../../protocol/unit-frame.ts';
import { FeedClock } from './feed-clock.ts';
import { MediaPacket } from './media-packet.ts';
import { OpusJoiner } from './opus-joiner.ts';
import { OpusTimeline } from './opus-timeline.ts';
import { Rendition } from './rendition.ts';
import type { Viewer, ViewerFeed } from './viewer.ts';

/** What a feed asks for. */
export interface FeedEvents {
  /** A viewer needs an IDR of this track, and there is none to replay. */
  onKeyframeWanted(track: number): void;
  /** The number of viewers changed. */
  onViewers(count: number): void;
  /** A viewer has pictures to replay: `replay` is to be called every few milliseconds. */
  onReplay(viewer: Viewer): void;
}

/** An encoder gives an IDR some frames after it was asked; asking again before that gives two. */
const KEYFRAME_INTERVAL_MS = 500;
/**
 * So many viewers get their sound in packets of 40 ms, which spares every ninth packet of a stream of 2.5 Mbit/s; a smaller audience has it
 * 20 ms sooner.
 */
export const JOIN_SOUND_FROM_VIEWERS = 32;

/** What one live stream gives to its viewers: packetises each unit once and hands it to each of them. */
export class Feed implements ViewerFeed {
  readonly clock: FeedClock;
  readonly timeline = new OpusTimeline();
  readonly maxBitrateBps: number;
  readonly #events: FeedEvents;
  readonly #renditions = new Map<number, Rendition>();
  readonly #viewers = new Set<Viewer>();
  readonly #askedAtMs = new Map<number, number>();
  #byBitrate: readonly Rendition[] = [];
  #audio: number | undefined;
  readonly #joiner = new OpusJoiner();

  constructor(options: {
    readonly clock: Clock;
    /** Largest bit rate that a viewer's line is thought to carry, in bit/s. */
    readonly maxBitrateBps: number;
    readonly events: FeedEvents;
  }) {
    this.clock = new FeedClock(options.clock);
    this.maxBitrateBps = options.maxBitrateBps;
    this.#events = options.events;
  }

  /** Every viewer, for their ends. */
  get viewers(): ReadonlySet<Viewer> {
    return this.#viewers;
  }

  /** RFC 6381 string of the best rendition; undefined without any. */
  get codecString(): string | undefined {
    return this.#byBitrate.at(-1)?.codecString;
  }

  /** From the lowest bit rate to the highest. */
  renditions(): readonly Rendition[] {
    return this.#byBitrate;
  }

  /** A rendition or its new parameters. Throws CodecFormatError for a configuration that is no avcC. */
  setVideo(number: number, track: VideoTrack, bitrateBps: number): void {
    const rendition = this.#renditions.get(number);
    if (rendition === undefined) this.#renditions.set(number, new Rendition(number, track, bitrateBps));
    else rendition.reset(track, bitrateBps);
    this.#changed();
  }

  /** The sound's number. */
  setAudio(number: number): void {
    this.#audio = number;
  }

  /** The track is no more; its viewers go on with another rendition. */
  remove(number: number): void {
    if (number === this.#audio) this.#audio = undefined;
    this.#askedAtMs.delete(number);
    if (this.#renditions.delete(number)) this.#changed();
  }

  /** One unit of a track. Throws CodecFormatError for a malformed one. */
  write(unit: WireUnit): void {
    if (unit.track === this.#audio) {
      this.#writeAudio(unit);
      return;
    }
    const rendition = this.#renditions.get(unit.track);
    if (rendition === undefined) return;
    this.clock.observe(unit.ptsMs);
    const { ptsMs: ms, keyframe, payload } = unit;
    const picture = rendition.take({ ms, keyframe, payload }, this.clock.monotonicMs());
    if (picture === undefined) return;
    for (const viewer of this.#viewers) viewer.picture(rendition, picture);
  }

  /** A viewer whose offer was answered. */
  join(viewer: Viewer): void {
    this.#viewers.add(viewer);
    this.#events.onViewers(this.#viewers.size);
  }

  /** A viewer is gone; idempotent. */
  leave(viewer: Viewer): void {
    if (this.#viewers.delete(viewer)) this.#events.onViewers(this.#viewers.size);
  }

  /** A viewer has pictures to replay. */
  onReplay(viewer: Viewer): void {
    this.#events.onReplay(viewer);
  }

  /** A viewer has nothing to begin with. */
  onKeyframeWanted({ number }: Rendition): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - (this.#askedAtMs.get(number) ?? Number.NEGATIVE_INFINITY) < KEYFRAME_INTERVAL_MS) return;
    this.#askedAtMs.set(number, nowMs);
    this.#events.onKeyframeWanted(number);
  }

  #writeAudio({ ptsMs, payload }: WireUnit): void {
    const samples = opusPacketSamples(payload);
    // Nobody could play it; and the count of samples must not break.
    if (samples === undefined) return;
    this.clock.observe(ptsMs);
    const isCrowd = this.#viewers.size >= JOIN_SOUND_FROM_VIEWERS;
    for (const unit of this.#joiner.take({ ptsMs, samples, payload }, isCrowd)) {
      const rtpTime = this.timeline.take(unit.ptsMs, unit.samples);
      const packet = new MediaPacket(unit.payload, false);
      for (const viewer of this.#viewers) viewer.sound(packet, rtpTime);
    }
  }

  #changed(): void {
    this.#byBitrate = [...this.#renditions.values()].sort((a, b) => a.bitrateBps - b.bitrateBps);
    const nowMs = this.clock.monotonicMs();
    for (const viewer of this.#viewers) viewer.renditionsChanged(nowMs);
  }
}

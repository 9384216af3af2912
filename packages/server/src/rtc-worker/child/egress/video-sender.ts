import type { MediaPacket } from './media-packet.ts';
import { PACKET_PAYLOAD } from './packet-payload.ts';
import type { Picture } from './picture.ts';
import type { Rendition } from './rendition.ts';
import type { RtpStream } from './rtp-stream.ts';

/** RTP clock of video (RFC 6184 §8.2.1), per millisecond. */
const RTP_PER_MS = 90;
/** Bit rate of a replay: twice what most viewers' lines carry is lost, a tenth of it takes too long. */
const REPLAY_BPS = 25_000_000;
/** A replay of a rendition above that: it must outrun the live pictures. */
const REPLAY_FACTOR = 3;
/** A viewer that lost the replay gets the next one slower, down to this multiple of the rendition's bit rate. */
const SLOWEST_FACTOR = 1.5;
const LEAST_REPLAY_BPS = 1_000_000;
/** Two replays within this time, in milliseconds: the first was too fast for the viewer's line. */
const RETRY_MS = 5000;
/** Least time between replays: one may not be asked for by every lost packet. */
const REPLAY_INTERVAL_MS = 1000;
/** To the second replay: a busy browser throws away what comes before it has set up its receivers, and asks at once. */
const EARLY_INTERVAL_MS = 100;
/** Least step between the timestamps of two pictures, in milliseconds. */
const MIN_STEP_MS = 1;
/** Refusals in a row, one in each turn of a replay: a full buffer of the system's drains sooner. */
const STUCK_AFTER_REFUSALS = 50;

/** What a viewer's video needs of its feed. */
export interface VideoSenderEvents {
  /** Pictures wait: call `replay` every few milliseconds while it says true. */
  onReplay(): void;
  /** There is nothing to begin with. */
  onKeyframeWanted(rendition: Rendition): void;
}

/**
 * The pictures of one viewer: from the last IDR, sent in one go and stamped as if they were taken just now, so that the viewer plays
 * them at once and has no delay from then on; then live. Changes the rendition where an IDR allows it; numbers and timestamps go on.
 */
export class VideoSender {
  readonly #stream: RtpStream;
  readonly #events: VideoSenderEvents;
  /** What is sent. */
  #rendition: Rendition | undefined;
  /** What is sent from its next IDR on. */
  #next: Rendition | undefined;
  /** Pictures that wait to be replayed; undefined: live, or waiting for an IDR. */
  #queue: Picture[] | undefined;
  /** Packets of the queue's first picture, or of the one that is being sent, and how many are sent already. */
  #packets: readonly MediaPacket[] = [];
  #sentOfFirst = 0;
  #payloadBytes: number = PACKET_PAYLOAD.base;
  #refusals = 0;
  #budgetBytes = 0;
  #budgetAtMs = 0;
  #waitsForKeyframe = true;
  /** Stream time that the last picture was stamped with. */
  #lastMs: number | undefined;
  #replayedAtMs = Number.NEGATIVE_INFINITY;
  #replayWanted = false;
  /** Replays since the rendition was begun with. */
  #replays = 0;
  #replayBps = REPLAY_BPS;

  constructor(stream: RtpStream, events: VideoSenderEvents) {
    this.#stream = stream;
    this.#events = events;
  }

  /** The rendition that is sent. */
  get rendition(): Rendition | undefined {
    return this.#rendition;
  }

  /** Size of packets from the next picture on. */
  set payloadBytes(bytes: number) {
    this.#payloadBytes = bytes;
  }

  /** True when the system has refused a packet for long. */
  get isStuck(): boolean {
    return this.#refusals >= STUCK_AFTER_REFUSALS;
  }

  /** Begins with a rendition at once: at its last IDR when it is known, else at the next one. Undefined sends nothing any more. */
  begin(rendition: Rendition | undefined, nowMs: number): void {
    this.#finishFirst();
    this.#rendition = rendition;
    this.#next = undefined;
    this.#waitsForKeyframe = true;
    this.#replays = 0;
    if (rendition !== undefined) this.#startReplay(rendition, nowMs);
  }

  /** Goes over to another rendition at its next IDR; to the present one: stays. */
  switchTo(rendition: Rendition): void {
    this.#next = rendition === this.#rendition ? undefined : rendition;
  }

  /** The viewer cannot decode (PLI, FIR): the replay starts anew, once a second at most. */
  wantKeyframe(nowMs: number): void {
    this.#replayWanted = true;
    this.tick(nowMs);
  }

  /** To be called a few times a second: does what had to wait. */
  tick(nowMs: number): void {
    if (!this.#replayWanted) return;
    const sinceMs = nowMs - this.#replayedAtMs;
    const isEarly = this.#replays < 2;
    if (sinceMs < (isEarly ? EARLY_INTERVAL_MS : REPLAY_INTERVAL_MS)) return;
    const rendition = this.#rendition;
    // Chromium asks when it gets no pictures, too: while the publisher is away the old ones would be shown again and again.
    if (rendition === undefined || (!isEarly && !rendition.isFlowing(nowMs))) return;
    this.#replayWanted = false;
    if (sinceMs > RETRY_MS) this.#replayBps = REPLAY_BPS;
    else if (!isEarly) this.#slowDown(rendition);
    this.#startReplay(rendition, nowMs);
  }

  /** A live picture of any rendition of the feed. */
  live(rendition: Rendition, picture: Picture): void {
    if (rendition === this.#next && picture.keyframe) {
      this.#rendition = rendition;
      this.#next = undefined;
    }
    if (rendition !== this.#rendition) return;
    if (picture.keyframe) {
      // Nothing before it is needed any more; but a picture that was begun is ended, or its packets would count as lost.
      this.#finishFirst();
      this.#waitsForKeyframe = false;
      this.#replayWanted = false;
    }
    if (this.#waitsForKeyframe) return;
    if (this.#queue === undefined) this.#send(picture);
    else this.#queue.push(picture);
  }

  /** Sends what the rate allows by now; false when live is reached. */
  replay(nowMs: number): boolean {
    const queue = this.#queue;
    const rendition = this.#rendition;
    if (queue === undefined || rendition === undefined) return false;
    const isSlowed = this.#replayBps < REPLAY_BPS;
    const bps = isSlowed ? this.#replayBps : Math.max(REPLAY_BPS, rendition.bitrateBps * REPLAY_FACTOR);
    // Not more than one turn's worth, or a busy moment of ours would become a burst.
    const allowance = ((nowMs - this.#budgetAtMs) * bps) / 8000;
    this.#budgetBytes = Math.min(this.#budgetBytes + allowance, (bps / 8000) * 20);
    this.#budgetAtMs = nowMs;
    for (let first = queue[0]; first !== undefined && this.#budgetBytes > 0; first = queue[0]) {
      if (this.#sentOfFirst === 0) this.#stamp(rendition.edgeMs(nowMs));
      if (!this.#advance(first)) return true;
      queue.shift();
    }
    if (queue.length > 0) return true;
    this.#queue = undefined;
    return false;
  }

  #startReplay(rendition: Rendition, nowMs: number): void {
    this.#finishFirst();
    if (rendition.gop.length === 0) {
      this.#waitsForKeyframe = true;
      this.#events.onKeyframeWanted(rendition);
      return;
    }
    this.#replayedAtMs = nowMs;
    this.#replays += 1;
    this.#waitsForKeyframe = false;
    this.#queue = [...rendition.gop];
    this.#budgetBytes = 0;
    this.#budgetAtMs = nowMs - 5;
    if (this.replay(nowMs)) this.#events.onReplay();
  }

  #slowDown(rendition: Rendition): void {
    this.#replayBps = Math.max(this.#replayBps / 2, rendition.bitrateBps * SLOWEST_FACTOR, LEAST_REPLAY_BPS);
  }

  /** Ends the picture that is half sent, if there is room, and forgets the others. */
  #finishFirst(): void {
    const first = this.#queue?.[0];
    this.#queue = undefined;
    this.#budgetBytes = Number.POSITIVE_INFINITY;
    if (first !== undefined && this.#sentOfFirst > 0) this.#advance(first);
    this.#sentOfFirst = 0;
  }

  /** Sends a live picture; what the system has no room for now goes the way of a replay. */
  #send(picture: Picture): void {
    this.#stamp(picture.ms);
    this.#budgetBytes = Number.POSITIVE_INFINITY;
    if (this.#advance(picture)) return;
    this.#queue = [picture];
    this.#budgetBytes = 0;
    this.#budgetAtMs = picture.arrivedMs;
    this.#events.onReplay();
  }

  /** Sends packets of a picture while the budget and the system allow it; true when it was the last. */
  #advance(picture: Picture): boolean {
    const rtpTime = (this.#lastMs ?? picture.ms) * RTP_PER_MS;
    if (this.#sentOfFirst === 0) this.#packets = picture.packets(this.#payloadBytes);
    const packets = this.#packets;
    while (this.#sentOfFirst < packets.length && this.#budgetBytes > 0) {
      const packet = packets[this.#sentOfFirst];
      if (packet === undefined || !this.#stream.send(packet, rtpTime)) {
        this.#refusals += 1;
        return false;
      }
      this.#refusals = 0;
      this.#sentOfFirst += 1;
      this.#budgetBytes -= packet.payloadBytes;
    }
    if (this.#sentOfFirst < packets.length) return false;
    this.#sentOfFirst = 0;
    return true;
  }

  /** Stream time for the next picture: never at or before the one of the last. */
  #stamp(ms: number): number {
    const stamped = this.#lastMs === undefined ? ms : Math.max(ms, this.#lastMs + MIN_STEP_MS);
    this.#lastMs = stamped;
    return stamped;
  }
}

import type { Playback } from './playback.ts';
import type { Progress } from './progress-watch.ts';
import type { WhepFailure } from './whep-failure.ts';
import { type LatencyEstimate, WhepLatency } from './whep-latency.ts';
import type { WhepReading } from './whep-reading.ts';
import { WhepSession, type WhepSessionOptions } from './whep-session.ts';
import { WhepWatch } from './whep-watch.ts';

/** What a {@link WhepPlayback} tells. */
export interface WhepPlaybackListener {
  /** Pictures are decoded, though nobody sees them yet: {@link WhepPlayback.attach} shows them. Once. */
  ready(): void;
  /** The session broke off, or nothing comes any more. The last picture stays where it is. */
  failed(failure: WhepFailure): void;
  /** What was taken for lost comes again. */
  revived(): void;
}

/** What a {@link WhepPlayback} is made from. */
export interface WhepPlaybackOptions extends Omit<WhepSessionOptions, 'listener'> {
  readonly media: HTMLMediaElement;
  readonly listener: WhepPlaybackListener;
  /** Whether the server says that the stream waits for its publisher: then the session is worth keeping. */
  readonly publisherIsAway: () => Promise<boolean>;
}

/** How often the figures are read: often while the first picture is waited for. */
const FIRST_READ_MS = 40;
const READ_MS = 250;
/** How often the server is asked about an absent publisher. */
const ASK_MS = 2_000;
/** A publisher who is back needs this long until his pictures are here. */
const RETURN_MS = 5_000;
/** Sound without a picture for this long is played as it is. */
const SOUND_ONLY_MS = 2_000;

/** Plays one WHEP session. It begins in the background and touches the media element only when it is told to. */
export class WhepPlayback implements Playback {
  readonly transport = 'whep';
  readonly steerable = false;
  readonly liveEdgeSec = undefined;
  readonly playheadEpochMs = undefined;
  readonly playlistEnded = false;
  readonly #options: WhepPlaybackOptions;
  readonly #session: WhepSession;
  readonly #watch = new WhepWatch();
  readonly #latency = new WhepLatency();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #progress: Progress = 'fine';
  #reading: WhepReading | undefined;
  #soundSinceMs: number | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** When the server last said that the publisher is away. */
  #awayMs = Number.NEGATIVE_INFINITY;
  #ready = false;
  #lost = false;
  #attached = false;
  #suspended = false;
  #closed = false;

  constructor(options: WhepPlaybackOptions) {
    this.#options = options;
    this.#session = new WhepSession({
      endpoint: options.endpoint,
      iceServers: options.iceServers,
      listener: {
        failed: (failure) => {
          this.#fail(failure);
        },
      },
    });
    this.#schedule();
  }

  get progress(): Progress {
    return this.#progress;
  }

  get sinceAdvanceSec(): number | undefined {
    return this.#watch.sinceMediaSec(performance.now());
  }

  get bufferSec(): number | undefined {
    const { jitterBufferMs } = this.#latency;
    return jitterBufferMs === undefined ? undefined : jitterBufferMs / 1000;
  }

  /** Pictures are decoded: see {@link WhepPlaybackListener.ready}. */
  get ready(): boolean {
    return this.#ready;
  }

  /** The newest figures of the connection. */
  get reading(): WhepReading | undefined {
    return this.#reading;
  }

  estimateLatency(serverNowMs: number | undefined): LatencyEstimate | undefined {
    // The figures are up to READ_MS old, and so was the server's clock when they were taken.
    const ageMs = performance.now() - (this.#reading?.nowMs ?? 0);
    return this.#latency.estimate(serverNowMs === undefined ? undefined : serverNowMs - ageMs);
  }

  /** Shows the stream on the media element. */
  attach(): void {
    this.#attached = true;
    this.#options.media.srcObject = this.#session.stream;
  }

  selectRendition(): void {
    // The server chooses by what the network carries.
  }

  suspend(): void {
    this.#suspended = true;
    clearTimeout(this.#timer);
    this.#session.close();
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.suspend();
      if (this.#attached && this.#options.media.srcObject === this.#session.stream) {
        this.#options.media.srcObject = null;
      }
    }
  }

  #schedule(): void {
    this.#timer = setTimeout(
      () => {
        void this.#look().finally(() => {
          if (!this.#suspended) {
            this.#schedule();
          }
        });
      },
      this.#ready ? READ_MS : FIRST_READ_MS,
    );
  }

  async #look(): Promise<void> {
    const reading = await this.#session.read();
    if (reading === undefined || this.#suspended) {
      return;
    }
    this.#reading = reading;
    const condition = this.#watch.update(reading, this.#session.connected);
    this.#latency.add(reading);
    switch (condition) {
      case 'starting':
        this.#noteStart(reading.nowMs);
        break;
      case 'flowing':
        this.#noteStart(reading.nowMs);
        this.#noteFlow();
        break;
      case 'stalled':
        this.#progress = 'waiting';
        break;
      case 'no-media':
        this.#progress = 'waiting';
        await this.#askForPublisher(reading.nowMs);
        break;
      case 'silent':
        this.#progress = 'waiting';
        this.#fail({ code: this.#ready ? 'lost' : 'no-media', detail: 'WebRTC is silent' });
        break;
    }
  }

  /** No media on a living session: the publisher's absence is waited out, anything else is a failure. */
  async #askForPublisher(nowMs: number): Promise<void> {
    if (this.#ready && nowMs - this.#askedMs < ASK_MS) {
      return;
    }
    this.#askedMs = nowMs;
    if (this.#ready && (await this.#options.publisherIsAway())) {
      this.#awayMs = nowMs;
    } else if (nowMs - this.#awayMs > RETURN_MS) {
      this.#fail({ code: 'no-media', detail: 'WebRTC brings no media' });
    }
  }

  #noteStart(nowMs: number): void {
    if (this.#ready) {
      return;
    }
    if (this.#watch.hasSound) {
      this.#soundSinceMs ??= nowMs;
    }
    const soundOnly = this.#soundSinceMs !== undefined && nowMs - this.#soundSinceMs > SOUND_ONLY_MS;
    if (this.#watch.hasPicture || soundOnly) {
      this.#ready = true;
      this.#options.listener.ready();
    }
  }

  #noteFlow(): void {
    this.#progress = this.#progress === 'waiting' ? 'moving' : 'fine';
    if (this.#lost) {
      this.#lost = false;
      this.#options.listener.revived();
    }
  }

  #fail(failure: WhepFailure): void {
    if (!this.#lost && !this.#suspended) {
      this.#lost = true;
      this.#options.listener.failed(failure);
    }
  }
}

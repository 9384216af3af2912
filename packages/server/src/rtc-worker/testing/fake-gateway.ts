import { ticks } from '@tallylight/media/time/ticks.ts';
import type { AccessUnit } from '../../stream/access-unit.ts';
import type { AudioTrack, VideoTrack } from '../../stream/track.ts';
import {
  type EgressListener,
  type FeedListener,
  type FeedTrackId,
  type IngestListener,
  type RtcCloseReason,
  type RtcFeed,
  type RtcGateway,
  type RtcIngestSession,
  RtcRefusedError,
  type RtcSession,
} from '../rtc-gateway.ts';

/** One session of a `FakeGateway`. */
export interface FakeSession<L> extends RtcSession {
  readonly offer: string;
  readonly listener: L;
  /** True once its owner closed it, or the worker died. */
  closed: boolean;
}

/** A publisher's session, played by the test. */
export interface FakeIngest extends FakeSession<IngestListener>, RtcIngestSession {
  /** What `silentForMs` says. */
  silentMs: number;
  keyframesAsked: number;
}

/** A feed that keeps what it gets. */
export class FakeFeed implements RtcFeed {
  readonly streamId: string;
  readonly listener: FeedListener;
  readonly videos = new Map<FeedTrackId, VideoTrack>();
  readonly units: { readonly id: FeedTrackId; readonly unit: AccessUnit }[] = [];
  audio: AudioTrack | undefined;
  viewers = 0;
  closed = false;
  readonly #onClose: (feed: FakeFeed) => void;

  constructor(streamId: string, listener: FeedListener, onClose: (feed: FakeFeed) => void) {
    this.streamId = streamId;
    this.listener = listener;
    this.#onClose = onClose;
  }

  setVideo(id: FeedTrackId, track: VideoTrack): void {
    this.videos.set(id, track);
  }

  removeVideo(id: FeedTrackId): void {
    this.videos.delete(id);
  }

  setAudio(track: AudioTrack): void {
    this.audio = track;
  }

  write(id: FeedTrackId, unit: AccessUnit): void {
    this.units.push({ id, unit });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#onClose(this);
  }
}

/** An answer of a fake: one section for each of the offer's that is audio or video. */
export function fakeAnswer(offer: string, ufrag: string): string {
  const kinds = [...offer.matchAll(/^m=(audio|video) /gm)].map(([, kind]) => kind ?? '');
  const head = ['v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0'];
  const sections = kinds.flatMap((kind, mid) => [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF 96`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${mid}`,
    'a=recvonly',
    `a=ice-ufrag:${ufrag}`,
    'a=ice-pwd:0123456789012345678901',
    'a=rtcp-mux',
    `a=rtpmap:96 ${kind === 'video' ? 'H264/90000' : 'opus/48000/2'}`,
  ]);
  return `${[...head, ...sections].join('\r\n')}\r\n`;
}

/** A gateway without WebRTC: it answers offers with `fakeAnswer`, and the test plays the peers. */
export class FakeGateway implements RtcGateway {
  readonly ingests: FakeIngest[] = [];
  readonly egresses: (FakeSession<EgressListener> & { readonly feed: RtcFeed })[] = [];
  readonly probes: FakeSession<Pick<EgressListener, 'onClosed'>>[] = [];
  readonly feeds: FakeFeed[] = [];
  /** When set, the next offers are refused with it. */
  refusal: RtcRefusedError | undefined;
  /** When set, answers wait for it. */
  gate: Promise<void> | undefined;
  #sessions = 0;

  async openIngest(options: {
    readonly offer: string;
    readonly listener: IngestListener;
  }): Promise<RtcIngestSession> {
    const session = await this.#open(options.offer, options.listener);
    const ingest: FakeIngest = Object.assign(session, {
      silentMs: 0,
      keyframesAsked: 0,
      requestKeyframe: () => {
        ingest.keyframesAsked++;
      },
      silentForMs: () => ingest.silentMs,
    });
    this.ingests.push(ingest);
    return ingest;
  }

  openFeed(options: { readonly streamId: string; readonly listener: FeedListener }): FakeFeed {
    const feed = new FakeFeed(options.streamId, options.listener, (closed) => {
      for (const egress of this.egresses) {
        if (egress.feed !== closed || egress.closed) continue;
        egress.closed = true;
        egress.listener.onClosed('closed');
      }
    });
    this.feeds.push(feed);
    return feed;
  }

  async openEgress(options: {
    readonly feed: RtcFeed;
    readonly offer: string;
    readonly listener: EgressListener;
  }): Promise<RtcSession> {
    const session = Object.assign(await this.#open(options.offer, options.listener), { feed: options.feed });
    this.egresses.push(session);
    return session;
  }

  async openProbe(options: {
    readonly offer: string;
    readonly onClosed?: (reason: RtcCloseReason) => void;
  }): Promise<RtcSession> {
    const session = await this.#open(options.offer, { onClosed: options.onClosed ?? (() => {}) });
    this.probes.push(session);
    return session;
  }

  /** The worker dies: every session ends, and offers are refused until `refusal` is taken away. */
  die(reason: RtcCloseReason = 'worker-lost'): void {
    this.refusal = new RtcRefusedError('unavailable', 'WebRTC starts again, try in a second');
    for (const session of [...this.ingests, ...this.egresses]) {
      if (session.closed) continue;
      session.closed = true;
      session.listener.onClosed(reason);
    }
  }

  async #open<L>(offer: string, listener: L): Promise<FakeSession<L>> {
    await this.gate;
    if (this.refusal !== undefined) throw this.refusal;
    this.#sessions++;
    const iceUfrag = `ufrag${this.#sessions}`;
    const session = {
      id: this.#sessions.toString(16).padStart(32, '0'),
      answer: fakeAnswer(offer, iceUfrag),
      iceUfrag,
      offer,
      listener,
      closed: false,
      close: () => {
        session.closed = true;
      },
    };
    return session;
  }
}

/** A picture for a fake's listener. */
export function fakePicture(ptsMs: number, keyframe = false): AccessUnit {
  const at = ticks(ptsMs);
  return { kind: 'video', pts: at, dts: at, keyframe, payload: new Uint8Array([0, 0, 0, 1, 0x65]) };
}

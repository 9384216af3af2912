import { Turns } from '../turns.ts';
import { inPreferredOrder } from './codec-order.ts';
import { readLinks, targetOf } from './link-header.ts';
import { boundAudio, boundVideo, type OutgoingMedia, videoEncodings } from './outgoing-track.ts';
import { tuneAnswer } from './tune-answer.ts';
import { tuneOffer } from './tune-offer.ts';
import { WhipError, whipErrorOf } from './whip-error.ts';

/** What one WHIP session is opened with. */
export interface WhipSessionOptions {
  readonly endpoint: string;
  readonly streamKey: string;
  readonly iceServers: readonly RTCIceServer[];
  readonly media: OutgoingMedia;
  readonly simulcast: boolean;
  readonly onState: (state: RTCPeerConnectionState) => void;
  readonly signal: AbortSignal;
  /** The connection, as soon as it is being made. */
  readonly onConnection?: (connection: RTCPeerConnection) => void;
}

/** The server hears the answer of no candidate of ours, so there is no reason to wait long for them: most hosts' are there by then. */
const GATHERING_MS = 200;
const ANSWER_MS = 8_000;
/** An answer that nobody waits for any more is still received for this long, to end the session that it brings. */
const LATE_ANSWER_MS = 30_000;
const CONNECT_MS = 10_000;
const DELETE_MS = 2_000;
/** The connection is closed when the server has answered to its end, or after this long. */
const TOLD_MS = 300;
/** The bandwidth estimate begins at this share of the limit, but not above 2 Mbps. */
const START_SHARE = 0.8;
const MAX_START_BPS = 2_000_000;

/** One publishing connection by WHIP (RFC 9725): offer, answer, media, end. It does not come back by itself: see `WhipPublisher`. */
export class WhipSession {
  readonly connection: RTCPeerConnection;
  readonly #options: WhipSessionOptions;
  readonly #video: RTCRtpSender | undefined;
  readonly #audio: RTCRtpSender | undefined;
  #resourceUrl: string | undefined;
  #watchUrl: string | undefined;
  /** Two replacements at once would read and write the same parameters. */
  readonly #replacements = new Turns();
  #closed = false;

  private constructor(options: WhipSessionOptions) {
    this.#options = options;
    const { media, simulcast } = options;
    this.connection = makeConnection(options.iceServers);
    // Picture and sound in one stream, so that the far end may know that they belong together.
    const streams = [new MediaStream()];
    if (media.audio !== undefined) {
      this.#audio = this.connection.addTransceiver(media.audio.track, {
        direction: 'sendonly',
        streams,
      }).sender;
    }
    if (media.video !== undefined) {
      const transceiver = this.connection.addTransceiver(media.video.track, {
        direction: 'sendonly',
        streams,
        sendEncodings: videoEncodings(media.video, simulcast),
      });
      preferCodecs(transceiver);
      this.#video = transceiver.sender;
    }
    this.connection.addEventListener('connectionstatechange', () => {
      if (!this.#closed) {
        options.onState(this.connection.connectionState);
      }
    });
  }

  /** Publishes, and resolves once media can flow. Rejects with a {@link WhipError}, or with the signal's reason. */
  static async open(options: WhipSessionOptions): Promise<WhipSession> {
    let session: WhipSession | undefined;
    try {
      session = new WhipSession(options);
      options.onConnection?.(session.connection);
      await session.#negotiate();
      await session.#bound(options.media);
      await session.#connected();
      options.signal.throwIfAborted();
      return session;
    } catch (error) {
      session?.close();
      options.signal.throwIfAborted();
      throw error instanceof WhipError ? error : new WhipError('not-accepted', String(error));
    }
  }

  /** Where viewers watch, when the server said so (`Link: …; rel="alternate"`), as an absolute URL. */
  get watchUrl(): string | undefined {
    return this.#watchUrl;
  }

  /** Where this session is ended; absolute. */
  get resourceUrl(): string | undefined {
    return this.#resourceUrl;
  }

  /** Sends other tracks from the next frame on, without a new negotiation. A kind that was not there at the start cannot be added. */
  replace(media: OutgoingMedia): Promise<void> {
    return this.#replacements.run(() => this.#replace(media));
  }

  /** Ends the session, and tells the server, unless it is `known` there; nothing more is sent from now on. Idempotent. */
  close(known = false): void {
    if (this.#closed) {
      return;
    }
    this.#closed = true;
    if (this.#resourceUrl === undefined || known) {
      this.connection.close();
      return;
    }
    for (const sender of [this.#video, this.#audio]) {
      sender?.replaceTrack(null).catch(() => undefined);
    }
    // First the word, then the deed: the close of DTLS would get there sooner, and be told as a lost connection. A page that goes away leaves the
    // closing to the browser.
    const told = deleteSession(this.#resourceUrl, this.#options.streamKey);
    void Promise.race([told, pause(TOLD_MS)]).then(() => {
      this.connection.close();
    });
  }

  async #replace(media: OutgoingMedia): Promise<void> {
    if (this.#closed) {
      return;
    }
    const [video, audio] = [media.video?.track ?? null, media.audio?.track ?? null];
    await Promise.all([
      this.#video?.track === video ? undefined : this.#video?.replaceTrack(video),
      this.#audio?.track === audio ? undefined : this.#audio?.replaceTrack(audio),
    ]);
    await this.#bound(media);
  }

  async #negotiate(): Promise<void> {
    const { connection } = this;
    const offer = await connection.createOffer();
    try {
      await connection.setLocalDescription({ type: 'offer', sdp: tuneOffer(offer.sdp ?? '') });
    } catch {
      await connection.setLocalDescription(offer);
    }
    await this.#gathered();
    const response = await this.#post(connection.localDescription?.sdp ?? '');
    this.#resourceUrl = this.#resourceOf(response);
    const watch = targetOf(readLinks(response.headers.get('Link')), 'alternate');
    this.#watchUrl = watch === undefined ? undefined : new URL(watch, this.#baseOf(response)).href;
    const answer = await response.text();
    const limitBps = this.#options.media.video?.maxBitrateBps ?? MAX_START_BPS;
    const sdp = tuneAnswer(answer, {
      audioBitrateBps: this.#options.media.audio?.maxBitrateBps ?? 0,
      startBitrateBps: Math.min(MAX_START_BPS, limitBps * START_SHARE),
    });
    await connection.setRemoteDescription({ type: 'answer', sdp });
  }

  async #post(offer: string): Promise<Response> {
    const { endpoint, streamKey, signal } = this.#options;
    // Not cut short by the end of the publisher: the server may have made the session, and only the answer says how to end it.
    const answer = fetch(endpoint, {
      method: 'POST',
      headers: { Authorization: `Bearer ${streamKey}`, 'Content-Type': 'application/sdp' },
      body: offer,
      signal: AbortSignal.timeout(LATE_ANSWER_MS),
    });
    let response: Response | undefined;
    let failure: unknown = 'no answer in time';
    try {
      await settled(signal, ANSWER_MS, (done) => {
        answer
          .then(
            (received) => {
              response = received;
            },
            (error: unknown) => {
              failure = error;
            },
          )
          .finally(done);
      });
    } finally {
      if (response === undefined || signal.aborted) {
        void answer.then((late) => this.#discard(late)).catch(() => undefined);
      }
    }
    if (response === undefined) {
      throw new WhipError('unreachable', String(failure));
    }
    if (response.status !== 201 && response.status !== 200) {
      const body = await response.text().catch(() => '');
      throw whipErrorOf(response.status, response.headers.get('Retry-After'), body);
    }
    return response;
  }

  /** Ends the session that a late answer brings. */
  async #discard(response: Response): Promise<void> {
    const resourceUrl = this.#resourceOf(response);
    void response.body?.cancel();
    if (resourceUrl !== undefined) {
      await deleteSession(resourceUrl, this.#options.streamKey);
    }
  }

  #resourceOf(response: Response): string | undefined {
    const location = response.ok ? response.headers.get('Location') : null;
    return location === null ? undefined : new URL(location, this.#baseOf(response)).href;
  }

  #baseOf(response: Response): string {
    return response.url === '' ? this.#options.endpoint : response.url;
  }

  #gathered(): Promise<void> {
    const { connection } = this;
    return settled(this.#options.signal, GATHERING_MS, (done) => {
      const look = (): void => {
        if (connection.iceGatheringState === 'complete') {
          done();
        }
      };
      connection.addEventListener('icegatheringstatechange', look);
      look();
    });
  }

  async #connected(): Promise<void> {
    const { connection } = this;
    await settled(this.#options.signal, CONNECT_MS, (done) => {
      const look = (): void => {
        if (connection.connectionState === 'connected' || connection.connectionState === 'failed') {
          done();
        }
      };
      connection.addEventListener('connectionstatechange', look);
      look();
    });
    if (connection.connectionState !== 'connected') {
      throw new WhipError('no-media-path', `connection ${connection.connectionState}`);
    }
  }

  /** Bounds are wishes: a browser that refuses one of them streams all the same. */
  async #bound(media: OutgoingMedia): Promise<void> {
    await Promise.allSettled([
      this.#video && media.video && boundVideo(this.#video, media.video),
      this.#audio && media.audio && boundAudio(this.#audio, media.audio),
    ]);
  }
}

/** Ends a session at the server. Nobody waits for it, and a session that is gone is as good. */
export async function deleteSession(resourceUrl: string, streamKey: string): Promise<void> {
  try {
    await fetch(resourceUrl, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${streamKey}` },
      keepalive: true,
      signal: AbortSignal.timeout(DELETE_MS),
    });
  } catch {
    // The server will notice by the silence.
  }
}

/** An ICE server that the browser does not take costs the help of all, but not the connection. */
function makeConnection(iceServers: readonly RTCIceServer[]): RTCPeerConnection {
  try {
    return new RTCPeerConnection({ iceServers: [...iceServers], bundlePolicy: 'max-bundle' });
  } catch {
    return new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  }
}

function preferCodecs(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
  try {
    transceiver.setCodecPreferences(inPreferredOrder(codecs));
  } catch {
    // Then the server's own preference decides.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Waits until `listen` calls `done`, the time is over, or the signal aborts; whichever comes first. */
async function settled(
  signal: AbortSignal,
  timeoutMs: number,
  listen: (done: () => void) => void,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timeoutMs);
    signal.addEventListener('abort', done);
    if (signal.aborted) {
      done();
    }
    listen(done);
  });
  signal.throwIfAborted();
}

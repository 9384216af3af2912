import type { IceServers } from './ice-servers.ts';
import { type WhepFailure, whepRefusal } from './whep-failure.ts';
import { askForStereo, preferH264 } from './whep-offer.ts';
import { readWhepStats, type WhepReading } from './whep-reading.ts';

/** What a {@link WhepSession} tells. */
export interface WhepSessionListener {
  /** The session did not come about, or broke off; once, and not after `close()`. */
  failed(failure: WhepFailure): void;
}

/** What a {@link WhepSession} is made from. */
export interface WhepSessionOptions {
  /** `POST` goes here. */
  readonly endpoint: string;
  readonly iceServers: IceServers;
  readonly listener: WhepSessionListener;
}

/** Candidates that are not found by then are not waited for: the server finds us by our own checks. */
const GATHER_MS = 200;
const ANSWER_MS = 5_000;
/** ICE takes a few round trips; a network that lets UDP through is done long before. */
const CONNECT_MS = 4_000;
/** The connection is closed when the server has answered to its end, or after this long. */
const TOLD_MS = 300;

/** One session of WHEP (draft-ietf-wish-whep): an offer to receive picture and sound, and the connection that comes of it. */
export class WhepSession {
  /** The picture and the sound, once they come. */
  readonly stream = new MediaStream();
  readonly #options: WhepSessionOptions;
  readonly #ending = new AbortController();
  #connection: RTCPeerConnection | undefined;
  #resource: string | undefined;
  #connectTimer: ReturnType<typeof setTimeout> | undefined;
  #connected = false;
  #failed = false;

  constructor(options: WhepSessionOptions) {
    this.#options = options;
    void this.#open();
    // The server should not have to wait until it misses us.
    addEventListener(
      'pagehide',
      () => {
        void this.#delete();
      },
      { signal: this.#ending.signal },
    );
  }

  /** ICE and DTLS are through, and the browser has not given the connection up. */
  get connected(): boolean {
    return this.#connected;
  }

  /** The figures now; undefined before there is a connection. */
  async read(): Promise<WhepReading | undefined> {
    const report = await this.#connection?.getStats();
    return report === undefined ? undefined : readWhepStats(report, performance.now());
  }

  /** Ends the session and tells the server. Idempotent. */
  close(): void {
    if (this.#ending.signal.aborted) {
      return;
    }
    this.#ending.abort();
    clearTimeout(this.#connectTimer);
    const connection = this.#connection;
    if (this.#resource === undefined) {
      connection?.close();
      return;
    }
    for (const { track } of connection?.getReceivers() ?? []) {
      track.stop();
    }
    // First the word, then the deed: the close of DTLS would get there sooner, and be taken for a lost connection.
    const told = this.#delete();
    void Promise.race([told, new Promise((resolve) => setTimeout(resolve, TOLD_MS))]).then(() => {
      connection?.close();
    });
  }

  async #open(): Promise<void> {
    try {
      const iceServers = await this.#options.iceServers.get(performance.now());
      if (this.#ending.signal.aborted) {
        return;
      }
      const connection = this.#createConnection(iceServers);
      const answer = await this.#negotiate(connection);
      if (answer !== undefined && !this.#ending.signal.aborted) {
        await connection.setRemoteDescription({ type: 'answer', sdp: answer });
        this.#connectTimer = setTimeout(() => {
          this.#onConnectTimeout(connection);
        }, CONNECT_MS);
      }
    } catch (error) {
      const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.#fail({ code: 'refused', detail });
    }
  }

  #createConnection(iceServers: RTCIceServer[]): RTCPeerConnection {
    const connection = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' });
    this.#connection = connection;
    const video = connection.addTransceiver('video', { direction: 'recvonly' });
    const audio = connection.addTransceiver('audio', { direction: 'recvonly' });
    const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs;
    if (codecs !== undefined && 'setCodecPreferences' in video) {
      video.setCodecPreferences(preferH264(codecs));
    }
    for (const { receiver } of [video, audio]) {
      askForShortBuffer(receiver);
    }
    connection.addEventListener('track', ({ track }) => {
      this.stream.addTrack(track);
    });
    connection.addEventListener('connectionstatechange', () => {
      this.#onState(connection);
    });
    return connection;
  }

  /** Offer, POST, answer; undefined when the server refused, and the listener was told, or after `close()`. */
  async #negotiate(connection: RTCPeerConnection): Promise<string | undefined> {
    const offer = await connection.createOffer();
    await connection.setLocalDescription({ type: 'offer', sdp: askForStereo(offer.sdp ?? '') });
    await gathered(connection, this.#ending.signal);
    if (this.#ending.signal.aborted) {
      // Nobody watches any more: no viewer's place is taken.
      return undefined;
    }
    let response: Response;
    try {
      response = await fetch(this.#options.endpoint, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp' },
        body: connection.localDescription?.sdp ?? '',
        // Not ended by close(): a session that the server made would stay without its DELETE.
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch (error) {
      this.#fail({ code: 'unreachable', detail: error instanceof Error ? error.message : String(error) });
      return undefined;
    }
    const body = await response.text();
    if (response.status !== 201) {
      this.#fail(whepRefusal(response.status, body, response.headers.get('Retry-After')));
      return undefined;
    }
    const location = response.headers.get('Location');
    this.#resource = location === null ? undefined : new URL(location, response.url).href;
    if (this.#ending.signal.aborted) {
      void this.#delete();
    }
    return body;
  }

  #onState(connection: RTCPeerConnection): void {
    switch (connection.connectionState) {
      case 'connected':
        this.#connected = true;
        clearTimeout(this.#connectTimer);
        break;
      case 'failed':
      case 'closed': {
        const failure = this.#connected
          ? { code: 'lost' as const, detail: `connection ${connection.connectionState}` }
          : this.#notConnected(connection);
        this.#connected = false;
        this.#fail(failure);
        break;
      }
      default:
    }
  }

  #onConnectTimeout(connection: RTCPeerConnection): void {
    if (!this.#connected) {
      this.#fail(this.#notConnected(connection));
    }
  }

  #notConnected(connection: RTCPeerConnection): WhepFailure {
    const { iceConnectionState: ice } = connection;
    const detail = `ICE ${ice}, connection ${connection.connectionState}`;
    return { code: ice === 'connected' || ice === 'completed' ? 'no-media' : 'udp-blocked', detail };
  }

  #fail(failure: WhepFailure): void {
    if (!this.#failed && !this.#ending.signal.aborted) {
      this.#failed = true;
      clearTimeout(this.#connectTimer);
      this.#options.listener.failed(failure);
    }
  }

  async #delete(): Promise<void> {
    const resource = this.#resource;
    this.#resource = undefined;
    if (resource !== undefined) {
      // `keepalive` lets the request outlive the page. Without an answer the server finds out by itself.
      await fetch(resource, { method: 'DELETE', keepalive: true }).catch(() => undefined);
    }
  }
}

/** As little as the network allows; jitter and lost packets still make the browser wait longer. */
function askForShortBuffer(receiver: RTCRtpReceiver): void {
  // Chromium before 124 knows the older name only.
  const either = receiver as { jitterBufferTarget?: number | null; playoutDelayHint?: number | null };
  if ('jitterBufferTarget' in either) {
    either.jitterBufferTarget = 0;
  } else if ('playoutDelayHint' in receiver) {
    either.playoutDelayHint = 0;
  }
}

/** Waits until all candidates are known, but not for long. */
function gathered(connection: RTCPeerConnection, signal: AbortSignal): Promise<void> {
  if (connection.iceGatheringState === 'complete') {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, GATHER_MS);
    connection.addEventListener('icegatheringstatechange', () => {
      if (connection.iceGatheringState === 'complete') {
        done();
      }
    });
    signal.addEventListener('abort', done);
  });
}

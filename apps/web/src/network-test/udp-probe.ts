/** How a try to reach the server by WebRTC ended. */
export type ProbeResult =
  /** A message came back. */
  | { readonly outcome: 'reached'; readonly roundTripMs: number }
  /** The relay gave us an address, but nothing came back through it. */
  | { readonly outcome: 'relay-only' }
  /** Nothing came through. */
  | { readonly outcome: 'blocked'; readonly detail: string }
  /** The server could not be asked, or said no. */
  | { readonly outcome: 'refused'; readonly status: number; readonly detail: string }
  /** This browser has no WebRTC. */
  | { readonly outcome: 'unsupported' };

/** What a probe is made from. */
export interface ProbeOptions {
  /** Answers the offer of a data channel that echoes. */
  readonly url: string;
  readonly iceServers: RTCIceServer[];
  /** Go only by way of a TURN server. */
  readonly relayOnly: boolean;
  readonly signal: AbortSignal;
}

/** From the answer to an open channel. */
const CONNECT_MS = 5_000;
/** Without a relay the gathering takes a few milliseconds. */
const GATHER_MS = 2_000;
/** A relay has to be asked first: over TLS on a slow network that is DNS, TCP, TLS and two round trips of TURN. */
const RELAY_MS = 6_000;
const POST_MS = 8_000;
/** The first echo may still share the way with the end of the handshake: the least of these counts. */
const ECHOES = 5;
const ECHO_MS = 2_000;

/** Opens a data channel to the server and measures how long an echo takes. Never rejects, except when aborted. */
export async function probeUdp(options: ProbeOptions): Promise<ProbeResult> {
  if (typeof RTCPeerConnection !== 'function') {
    return { outcome: 'unsupported' };
  }
  let connection: RTCPeerConnection;
  try {
    connection = new RTCPeerConnection({
      iceServers: options.iceServers,
      iceTransportPolicy: options.relayOnly ? 'relay' : 'all',
    });
  } catch (error) {
    // An address of a relay that the browser does not take.
    return { outcome: 'blocked', detail: wordsOf(error) };
  }
  try {
    return await new Probe(connection, options).run();
  } catch (error) {
    options.signal.throwIfAborted();
    // An answer that is none.
    return { outcome: 'refused', status: 0, detail: wordsOf(error) };
  } finally {
    connection.close();
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** One probe; made once, run once. */
class Probe {
  readonly #connection: RTCPeerConnection;
  readonly #options: ProbeOptions;
  readonly #channel: RTCDataChannel;
  #relayed = false;
  #iceError = '';

  constructor(connection: RTCPeerConnection, options: ProbeOptions) {
    this.#connection = connection;
    this.#options = options;
    // As media: what is lost stays lost.
    this.#channel = connection.createDataChannel('probe', { ordered: false, maxRetransmits: 0 });
    connection.addEventListener('icecandidate', ({ candidate }) => {
      this.#relayed ||= candidate?.type === 'relay';
    });
    connection.addEventListener('icecandidateerror', (event) => {
      this.#iceError = `${event.url} ${String(event.errorCode)} ${event.errorText}`;
    });
  }

  async run(): Promise<ProbeResult> {
    await this.#connection.setLocalDescription();
    await this.#gathered();
    if (this.#options.relayOnly && !this.#relayed) {
      return { outcome: 'blocked', detail: this.#iceError };
    }
    const answer = await this.#post();
    if (typeof answer !== 'string') {
      return answer;
    }
    await this.#connection.setRemoteDescription({ type: 'answer', sdp: answer });
    if (!(await this.#opened())) {
      return this.#relayed && this.#options.relayOnly
        ? { outcome: 'relay-only' }
        : { outcome: 'blocked', detail: `ICE ${this.#connection.iceConnectionState}` };
    }
    let leastMs = Number.POSITIVE_INFINITY;
    for (let count = 0; count < ECHOES; count += 1) {
      leastMs = Math.min(leastMs, await this.#echo(String(count)));
    }
    return Number.isFinite(leastMs)
      ? { outcome: 'reached', roundTripMs: leastMs }
      : { outcome: 'blocked', detail: 'connected, but no echo' };
  }

  async #post(): Promise<string | ProbeResult> {
    try {
      const response = await fetch(this.#options.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp' },
        body: this.#connection.localDescription?.sdp ?? '',
        signal: AbortSignal.any([this.#options.signal, AbortSignal.timeout(POST_MS)]),
      });
      const body = await response.text();
      return response.status === 201
        ? body
        : { outcome: 'refused', status: response.status, detail: body.slice(0, 200) };
    } catch (error) {
      this.#options.signal.throwIfAborted();
      return { outcome: 'refused', status: 0, detail: wordsOf(error) };
    }
  }

  /** All candidates are known, or, of a relay, the first: the server needs none of them, it sees where the checks come from. */
  #gathered(): Promise<void> {
    const { relayOnly, signal } = this.#options;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(done, relayOnly ? RELAY_MS : GATHER_MS);
      this.#connection.addEventListener('icecandidate', ({ candidate }) => {
        if (relayOnly && candidate?.type === 'relay') {
          done();
        }
      });
      this.#connection.addEventListener('icegatheringstatechange', () => {
        if (this.#connection.iceGatheringState === 'complete') {
          done();
        }
      });
      signal.addEventListener('abort', done);
    });
  }

  #opened(): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (open: boolean): void => {
        clearTimeout(timer);
        resolve(open);
      };
      const timer = setTimeout(() => {
        done(false);
      }, CONNECT_MS);
      this.#channel.addEventListener('open', () => {
        done(true);
      });
      this.#connection.addEventListener('connectionstatechange', () => {
        if (this.#connection.connectionState === 'failed') {
          done(false);
        }
      });
      this.#options.signal.addEventListener('abort', () => {
        done(false);
      });
    });
  }

  /** Milliseconds until `text` comes back; infinite when it does not. */
  #echo(text: string): Promise<number> {
    return new Promise((resolve) => {
      const sentMs = performance.now();
      const ending = new AbortController();
      const done = (ms: number): void => {
        clearTimeout(timer);
        ending.abort();
        resolve(ms);
      };
      const timer = setTimeout(() => {
        done(Number.POSITIVE_INFINITY);
      }, ECHO_MS);
      this.#channel.addEventListener(
        'message',
        ({ data }) => {
          if (data === text) {
            done(performance.now() - sentMs);
          }
        },
        { signal: ending.signal },
      );
      if (this.#channel.readyState === 'open') {
        this.#channel.send(text);
      } else {
        done(Number.POSITIVE_INFINITY);
      }
    });
  }
}

import { vi } from 'vitest';
import { FakeStream } from './fake-track.ts';

/** What a sender was told last. */
export interface SentParameters {
  readonly encodings: readonly RTCRtpEncodingParameters[];
}

/** An `RTCPeerConnection` that connects as soon as it has an answer. */
export class FakeConnection extends EventTarget {
  static all: FakeConnection[] = [];
  /** Whether an answer is enough to connect. */
  static connects = true;
  /** Offers that fail before the next succeeds. */
  static throws = 0;
  static refusesIceServers = false;
  /** What `getStats` answers now. */
  static stats: () => readonly object[] = () => [];

  connectionState: RTCPeerConnectionState = 'new';
  readonly iceGatheringState = 'complete';
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  readonly #senders: { track: { readonly kind?: string } | null; parameters: SentParameters }[] = [];

  constructor(configuration: RTCConfiguration) {
    super();
    if (FakeConnection.refusesIceServers && configuration.iceServers !== undefined) {
      throw new DOMException('no login', 'InvalidAccessError');
    }
    FakeConnection.all.push(this);
  }

  /** Puts the fakes where a browser has the real ones, and forgets what was before. */
  static install(): void {
    FakeConnection.all = [];
    FakeConnection.connects = true;
    FakeConnection.throws = 0;
    FakeConnection.refusesIceServers = false;
    FakeConnection.stats = () => [];
    vi.stubGlobal('RTCPeerConnection', FakeConnection);
    vi.stubGlobal('RTCRtpSender', { getCapabilities: () => null });
    vi.stubGlobal('MediaStream', FakeStream);
    vi.stubGlobal('addEventListener', () => undefined);
    vi.stubGlobal('removeEventListener', () => undefined);
  }

  /** The tracks that are being sent. */
  get sent(): unknown[] {
    return this.#senders.map(({ track }) => track);
  }

  /** What the picture's encoder was told last. */
  get videoBounds(): RTCRtpEncodingParameters | undefined {
    return this.#senders.find(({ track }) => track?.kind === 'video')?.parameters.encodings[0];
  }

  addTransceiver(
    track: { readonly kind?: string },
    init?: { readonly sendEncodings?: readonly RTCRtpEncodingParameters[] },
  ): { readonly sender: object; setCodecPreferences(): void } {
    const sender = {
      track: track as { readonly kind?: string } | null,
      parameters: { encodings: init?.sendEncodings ?? [] } as SentParameters,
      getParameters: () => structuredClone(sender.parameters),
      setParameters: (parameters: SentParameters) => {
        sender.parameters = parameters;
        return Promise.resolve();
      },
      replaceTrack: (other: { readonly kind?: string } | null) => {
        sender.track = other;
        return Promise.resolve();
      },
    };
    this.#senders.push(sender);
    return { sender, setCodecPreferences: () => undefined };
  }

  createOffer(): Promise<RTCSessionDescriptionInit> {
    if (FakeConnection.throws > 0) {
      FakeConnection.throws -= 1;
      return Promise.reject(new TypeError('out of order'));
    }
    return Promise.resolve({ type: 'offer', sdp: 'v=0\r\n' });
  }

  setLocalDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.localDescription = description;
    return Promise.resolve();
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.remoteDescription = description;
    if (FakeConnection.connects) {
      this.become('connected');
    }
    return Promise.resolve();
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map(FakeConnection.stats().map((entry, index) => [String(index), entry])));
  }

  /** Its state changes. */
  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }

  close(): void {
    this.connectionState = 'closed';
  }
}

import { vi } from 'vitest';

/** A track of a device as far as a broadcast looks at it. */
export class FakeTrack extends EventTarget {
  readonly kind: 'video' | 'audio';
  readonly deviceId: string;
  readonly label: string;
  enabled = true;
  readyState: 'live' | 'ended' = 'live';
  contentHint = '';
  readonly applyConstraints = vi.fn(() => Promise.resolve());

  constructor(kind: 'video' | 'audio', deviceId: string) {
    super();
    this.kind = kind;
    this.deviceId = deviceId;
    this.label = deviceId;
  }

  getSettings(): { readonly deviceId: string } {
    return { deviceId: this.deviceId };
  }

  stop(): void {
    this.readyState = 'ended';
  }

  /** The device is pulled out. */
  pull(): void {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

/** The same, where a `MediaStreamTrack` is wanted. */
export function fakeTrack(kind: 'video' | 'audio', deviceId = `${kind}-1`): MediaStreamTrack {
  return new FakeTrack(kind, deviceId) as unknown as MediaStreamTrack;
}

/** A stream as far as a broadcast looks at it. */
export class FakeStream {
  readonly #tracks: Set<FakeTrack>;

  constructor(tracks: readonly FakeTrack[] = []) {
    this.#tracks = new Set(tracks);
  }

  getTracks(): FakeTrack[] {
    return [...this.#tracks];
  }

  getVideoTracks(): FakeTrack[] {
    return this.getTracks().filter(({ kind }) => kind === 'video');
  }

  getAudioTracks(): FakeTrack[] {
    return this.getTracks().filter(({ kind }) => kind === 'audio');
  }

  addTrack(track: FakeTrack): void {
    this.#tracks.add(track);
  }

  removeTrack(track: FakeTrack): void {
    this.#tracks.delete(track);
  }
}

import { type ReadableStore, Store } from '../../player/store.ts';

/** The devices that can be chosen from. Browsers name them only after the first permission; before it the lists are empty. */
export interface DeviceLists {
  readonly cameras: readonly MediaDeviceInfo[];
  readonly microphones: readonly MediaDeviceInfo[];
}

/** Cameras and microphones, kept up to date as they are plugged in and out. Never asks for a permission. */
export class DeviceList {
  readonly store: ReadableStore<DeviceLists>;
  readonly #store = new Store<DeviceLists>({ cameras: [], microphones: [] });
  readonly #ending = new AbortController();

  constructor() {
    this.store = this.#store;
    mediaDevices()?.addEventListener('devicechange', () => void this.refresh(), {
      signal: this.#ending.signal,
    });
  }

  /** Looks again. Called by itself on `devicechange`; to be called after a permission was given. */
  async refresh(): Promise<void> {
    const found = (await mediaDevices()?.enumerateDevices()) ?? [];
    if (!this.#ending.signal.aborted) {
      const named = found.filter(({ deviceId }) => deviceId !== '');
      this.#commit({
        cameras: named.filter(({ kind }) => kind === 'videoinput'),
        microphones: named.filter(({ kind }) => kind === 'audioinput'),
      });
    }
  }

  /** Stops listening. Idempotent. */
  close(): void {
    this.#ending.abort();
    this.#store.close();
  }

  #commit(next: DeviceLists): void {
    const now = this.#store.get();
    if (!sameDevices(now.cameras, next.cameras) || !sameDevices(now.microphones, next.microphones)) {
      this.#store.commit(next);
    }
  }
}

function mediaDevices(): MediaDevices | undefined {
  return (navigator as { mediaDevices?: MediaDevices }).mediaDevices;
}

function sameDevices(a: readonly MediaDeviceInfo[], b: readonly MediaDeviceInfo[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ deviceId, label }, index) => deviceId === b[index]?.deviceId && label === b[index].label)
  );
}

import type { DeviceLists } from './device-list.ts';

/** A device that can be pulled out and plugged in again. */
export type PluggedDevice = 'camera' | 'microphone';

/** A device that comes and goes is opened by itself at most this often. */
const INTERVAL_MS = 3_000;
/** A device that is there again and cannot be opened is tried this often in all: some need a moment after they were plugged in. */
const MAX_ATTEMPTS = 3;

interface LostDevice {
  readonly deviceId: string;
  readonly attempts: number;
}

/** Remembers devices that went away by themselves, and has them opened again when they are back: camera and microphone each for itself. */
export class LostDevices {
  readonly #reopen: (device: PluggedDevice, deviceId: string) => Promise<void>;
  readonly #lost = new Map<PluggedDevice, LostDevice>();
  readonly #openedMs = new Map<PluggedDevice, number>();
  #lists: DeviceLists = { cameras: [], microphones: [] };
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `reopen` rejects when the device could not be opened. */
  constructor(reopen: (device: PluggedDevice, deviceId: string) => Promise<void>) {
    this.#reopen = reopen;
  }

  /** A device went away. */
  lost(device: PluggedDevice, deviceId: string): void {
    this.#lost.set(device, { deviceId, attempts: 0 });
  }

  /** Another device of the kind is in use now: the lost one is not waited for. */
  replaced(device: PluggedDevice): void {
    this.#lost.delete(device);
  }

  /** These devices are there now. */
  look(lists: DeviceLists): void {
    this.#lists = lists;
    this.#welcome();
  }

  /** Forgets all, and waits for nothing more. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lost.clear();
    this.#openedMs.clear();
  }

  #welcome(): void {
    const nowMs = performance.now();
    let waitMs = Number.POSITIVE_INFINITY;
    for (const [device, lost] of this.#lost) {
      const list = device === 'camera' ? this.#lists.cameras : this.#lists.microphones;
      if (lost.attempts < MAX_ATTEMPTS && list.some(({ deviceId }) => deviceId === lost.deviceId)) {
        const leftMs = (this.#openedMs.get(device) ?? Number.NEGATIVE_INFINITY) + INTERVAL_MS - nowMs;
        if (leftMs <= 0) {
          this.#try(device, lost, nowMs);
        } else {
          waitMs = Math.min(waitMs, leftMs);
        }
      }
    }
    clearTimeout(this.#timer);
    if (Number.isFinite(waitMs)) {
      this.#timer = setTimeout(() => {
        this.#welcome();
      }, waitMs);
    }
  }

  #try(device: PluggedDevice, { deviceId, attempts }: LostDevice, nowMs: number): void {
    this.#openedMs.set(device, nowMs);
    const tried: LostDevice = { deviceId, attempts: attempts + 1 };
    this.#lost.set(device, tried);
    this.#reopen(device, deviceId).then(
      () => {
        if (this.#lost.get(device) === tried) {
          this.#lost.delete(device);
        }
      },
      () => {
        // Not when it was replaced, or all was forgotten, in the meantime.
        if (this.#lost.get(device) === tried) {
          this.#welcome();
        }
      },
    );
  }
}

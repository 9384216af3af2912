import { StreamClientError } from '../stream-client-error.ts';
import type { DeviceLists } from './device-list.ts';

/** A device that can be pulled out and plugged in again. */
export type PluggedDevice = 'camera' | 'microphone';

/** A device that comes and goes is opened by itself at most this often. */
const INTERVAL_MS = 3_000;
/** A device that is there again and cannot be opened is tried this often in all: some need a moment after they were plugged in. */
const MAX_ATTEMPTS = 3;

const GONE: Readonly<Record<PluggedDevice, string>> = {
  camera: 'The camera is gone. Your stream continues in black. Plug it in, or choose another.',
  microphone: 'The microphone is gone. Your stream continues without sound. Choose another.',
};

interface LostDevice {
  readonly error: StreamClientError;
  /** Undefined where the browser does not say: then it cannot be known again. */
  readonly deviceId: string | undefined;
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

  /** What to say of the device that went away last and is missing still; undefined when none is. */
  get error(): StreamClientError | undefined {
    return [...this.#lost.values()].at(-1)?.error;
  }

  /** A device went away; gives back what to say. */
  lost(device: PluggedDevice, deviceId: string | undefined): StreamClientError {
    const error = new StreamClientError('MEDIA_ACCESS_DENIED', GONE[device], { recoverable: true });
    this.#lost.delete(device);
    this.#lost.set(device, { error, deviceId, attempts: 0 });
    return error;
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
      const { deviceId } = lost;
      if (
        deviceId !== undefined &&
        lost.attempts < MAX_ATTEMPTS &&
        list.some((each) => each.deviceId === deviceId)
      ) {
        const leftMs = (this.#openedMs.get(device) ?? Number.NEGATIVE_INFINITY) + INTERVAL_MS - nowMs;
        if (leftMs <= 0) {
          this.#try(device, deviceId, lost, nowMs);
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

  #try(device: PluggedDevice, deviceId: string, lost: LostDevice, nowMs: number): void {
    this.#openedMs.set(device, nowMs);
    const tried: LostDevice = { ...lost, attempts: lost.attempts + 1 };
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

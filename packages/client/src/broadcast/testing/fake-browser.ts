import { vi } from 'vitest';
import { FakeConnection } from './fake-connection.ts';
import { FakeStream, FakeTrack } from './fake-track.ts';

/** A device that can be asked for. */
export interface FakeDevice {
  readonly kind: 'videoinput' | 'audioinput';
  readonly deviceId: string;
  readonly label: string;
}

interface Question {
  readonly tracks: FakeTrack[];
  readonly answer: (refusal?: string) => void;
}

const CAMERA: FakeDevice = { kind: 'videoinput', deviceId: 'cam', label: 'cam' };
const MICROPHONE: FakeDevice = { kind: 'audioinput', deviceId: 'mic', label: 'mic' };

/** Devices, permissions and connections of a browser, in the place of the real ones. */
export class FakeBrowser {
  devices: readonly FakeDevice[] = [CAMERA, MICROPHONE];
  /** What the user has not answered yet; with `asks` false all is allowed at once. */
  readonly questions: Question[] = [];
  asks = false;
  /** Name of the error of `getUserMedia`, by kind of track. */
  readonly refusals = new Map<'video' | 'audio', string>();
  /** Ids of devices that another app uses. */
  readonly busy = new Set<string>();
  /** Kinds that the site's settings block. */
  readonly blocked = new Set<string>();
  /** Everything that was ever opened. */
  readonly opened: FakeTrack[] = [];
  readonly #mediaDevices = new EventTarget();

  /** Puts it where a page finds its browser. */
  static install(): FakeBrowser {
    const browser = new FakeBrowser();
    FakeConnection.install();
    const mediaDevices = Object.assign(browser.#mediaDevices, {
      enumerateDevices: () => Promise.resolve(browser.devices),
      getUserMedia: (wanted: MediaStreamConstraints) => browser.#open(wanted),
      getDisplayMedia: () => browser.#grant([new FakeTrack('video', 'screen')]),
    });
    vi.stubGlobal('navigator', {
      mediaDevices,
      permissions: {
        query: ({ name }: { readonly name: string }) =>
          Promise.resolve({ state: browser.blocked.has(name) ? 'denied' : 'granted' }),
      },
    });
    vi.stubGlobal('location', new URL('https://live.example/studio'));
    return browser;
  }

  /** Devices that are open now. */
  get open(): string[] {
    return this.opened.filter(({ readyState }) => readyState === 'live').map(({ deviceId }) => deviceId);
  }

  /** Other devices are plugged in now. */
  plug(devices: readonly FakeDevice[]): void {
    this.devices = devices;
    this.#mediaDevices.dispatchEvent(new Event('devicechange'));
  }

  #open({ video, audio }: MediaStreamConstraints): Promise<FakeStream> {
    const tracks: FakeTrack[] = [];
    for (const [kind, wanted] of [
      ['video', video],
      ['audio', audio],
    ] as const) {
      const refusal = wanted === undefined ? undefined : this.refusals.get(kind);
      if (refusal !== undefined) return Promise.reject(new DOMException(kind, refusal));
      if (wanted !== undefined)
        tracks.push(new FakeTrack(kind, idOf(wanted) ?? (kind === 'video' ? 'cam' : 'mic')));
    }
    if (tracks.some(({ deviceId }) => this.busy.has(deviceId))) {
      return Promise.reject(new DOMException('in use', 'NotReadableError'));
    }
    return this.#grant(tracks);
  }

  #grant(tracks: FakeTrack[]): Promise<FakeStream> {
    return new Promise((resolve, reject) => {
      const answer = (refusal?: string): void => {
        if (refusal !== undefined) {
          reject(new DOMException('no', refusal));
          return;
        }
        this.opened.push(...tracks);
        resolve(new FakeStream(tracks));
      };
      if (this.asks) {
        this.questions.push({ tracks, answer });
      } else {
        answer();
      }
    });
  }
}

function idOf(wanted: boolean | MediaTrackConstraints): string | undefined {
  const id = typeof wanted === 'object' ? wanted.deviceId : undefined;
  return typeof id === 'object' && 'exact' in id ? String(id.exact) : undefined;
}

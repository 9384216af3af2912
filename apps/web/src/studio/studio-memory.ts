import { QUALITIES, type StreamQuality } from '@tallylight/client/broadcast/stream-quality.ts';

/** What the studio remembers: the key for as long as the tab is open, the devices for good. */
export interface StudioMemory {
  readonly cameraId: string | undefined;
  readonly microphoneId: string | undefined;
  readonly quality: StreamQuality;
}

const KEY = 'tallylight.stream-key';
const DEVICES = 'tallylight.studio';

/** The stream key of this tab; empty without one. */
export function recallKey(): string {
  return attempt(() => sessionStorage.getItem(KEY)) ?? '';
}

/** Keeps the stream key until the tab is closed. */
export function rememberKey(key: string): void {
  attempt(() => {
    sessionStorage.setItem(KEY, key);
  });
}

/** The devices and the quality of the last time. */
export function recallChoice(): StudioMemory {
  return parseChoice(attempt(() => localStorage.getItem(DEVICES)));
}

/** Keeps devices and quality in this browser. */
export function rememberChoice(choice: StudioMemory): void {
  attempt(() => {
    localStorage.setItem(DEVICES, JSON.stringify(choice));
  });
}

/** Reads what was kept; anything else is forgotten. */
export function parseChoice(text: string | null | undefined): StudioMemory {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? 'null');
  } catch {
    kept = null;
  }
  const fields: Readonly<Record<string, unknown>> =
    typeof kept === 'object' && kept !== null ? { ...kept } : {};
  const word = (value: unknown): string | undefined =>
    typeof value === 'string' && value !== '' ? value : undefined;
  return {
    cameraId: word(fields['cameraId']),
    microphoneId: word(fields['microphoneId']),
    quality: QUALITIES.find((quality) => quality === fields['quality']) ?? '720p',
  };
}

/** Storage is refused in private windows and by strict settings: then nothing is remembered. */
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

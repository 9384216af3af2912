import type { PlayerState } from './player-state.ts';
import type { Store } from './store.ts';

/** What the media element says that the player has to act on. */
export interface MediaEventHandlers {
  playing(): void;
  play(): void;
  pause(): void;
  waiting(): void;
  ended(): void;
}

/** Listens to a media element until `signal`: looks and sound go straight into the store, the rest to the handlers. */
export function listenToMedia(
  media: HTMLMediaElement,
  store: Store<PlayerState>,
  handlers: MediaEventHandlers,
  signal: AbortSignal,
): void {
  const on = (type: keyof HTMLMediaElementEventMap, handler: () => void): void => {
    media.addEventListener(type, handler, { signal });
  };
  for (const type of ['playing', 'play', 'pause', 'waiting', 'ended'] as const) {
    on(type, () => {
      handlers[type]();
    });
  }
  on('volumechange', () => {
    store.commit({ muted: media.muted, volume: media.volume });
  });
  on('ratechange', () => {
    store.commit({ playbackRate: media.playbackRate });
  });
  on('resize', () => {
    if (media instanceof HTMLVideoElement) {
      store.commit({ videoWidth: media.videoWidth, videoHeight: media.videoHeight });
    }
  });
  store.commit({ muted: media.muted, volume: media.volume });
}

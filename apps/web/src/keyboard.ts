/** What the single keys of the player do. */
export interface PlayerKeys {
  togglePlay(): void;
  toggleMuted(): void;
  changeVolume(by: number): void;
  goLive(): void;
  toggleFullscreen(): void;
  toggleStats(): void;
}

const VOLUME_STEP = 0.05;

/** Page-wide keys, except in fields, menus and sliders; Space on a button presses that button. */
export function listenToKeys(keys: PlayerKeys, signal: AbortSignal): void {
  const actions: Readonly<Record<string, () => void>> = {
    ' ': () => {
      keys.togglePlay();
    },
    k: () => {
      keys.togglePlay();
    },
    m: () => {
      keys.toggleMuted();
    },
    f: () => {
      keys.toggleFullscreen();
    },
    arrowup: () => {
      keys.changeVolume(VOLUME_STEP);
    },
    arrowdown: () => {
      keys.changeVolume(-VOLUME_STEP);
    },
    end: () => {
      keys.goLive();
    },
  };
  document.addEventListener(
    'keydown',
    (event) => {
      const { target } = event;
      const inField =
        target instanceof Element &&
        target.closest('input, select, textarea, summary, [contenteditable]') !== null;
      const spaceOnControl =
        event.key === ' ' && target instanceof Element && target.closest('button, a') !== null;
      if (inField || spaceOnControl || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      const key = event.key.toLowerCase();
      const action = event.shiftKey
        ? key === 'd'
          ? () => {
              keys.toggleStats();
            }
          : undefined
        : Object.hasOwn(actions, key)
          ? actions[key]
          : undefined;
      if (action !== undefined) {
        event.preventDefault();
        action();
      }
    },
    { signal },
  );
}

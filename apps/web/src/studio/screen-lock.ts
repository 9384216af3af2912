/** Keeps a phone from going to sleep, which would end the stream. */
export interface ScreenLock {
  /** From now on, or no longer. */
  hold(wanted: boolean): void;
}

/** A lock that comes back when the page is shown again: browsers take it away from a hidden page. */
export function keepScreenOn(): ScreenLock {
  // Absent in older browsers and without HTTPS, whatever the DOM's types say.
  const { wakeLock } = navigator as { wakeLock?: WakeLock };
  let wanted = false;
  let sentinel: WakeLockSentinel | undefined;
  const request = async (): Promise<void> => {
    try {
      const got = await wakeLock?.request('screen');
      if (wanted) {
        sentinel = got;
      } else {
        await got?.release();
      }
    } catch {
      // Refused on low battery: the stream goes on without it.
    }
  };
  document.addEventListener('visibilitychange', () => {
    if (wanted && document.visibilityState === 'visible') {
      void request();
    }
  });
  return {
    hold(next) {
      if (next === wanted) {
        return;
      }
      wanted = next;
      if (next) {
        void request();
      } else {
        void sentinel?.release();
        sentinel = undefined;
      }
    },
  };
}

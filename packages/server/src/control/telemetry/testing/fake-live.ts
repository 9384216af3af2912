import type { LiveEvent, LiveFigures, LivePort } from '../../live-port.ts';

/** Figures of a publisher of whom nothing can be complained. */
export const GOOD_FIGURES: LiveFigures = {
  ...{ publishing: true, protocol: 'rtmp', startedAtMs: 0, bitrateKbps: 3000, fps: 30, announcedFps: 30 },
  ...{ width: 1280, height: 720, droppedFrames: 0, warnings: [] },
};

/** Media that says what it is told to say. */
export class FakeLive implements LivePort {
  readonly #figures = new Map<string, LiveFigures>();
  readonly #listeners = new Set<(event: LiveEvent) => void>();

  /** A publisher comes, or its figures change. */
  is(streamId: string, change: Partial<LiveFigures> = {}): void {
    const isNew = !this.#figures.has(streamId);
    this.#figures.set(streamId, { ...GOOD_FIGURES, ...change });
    if (isNew) this.tell({ type: 'publisher-connected', streamId, protocol: 'rtmp', keyId: 'key' });
  }

  /** Tells everybody who listens. */
  tell(event: LiveEvent): void {
    if (event.type === 'ended') this.#figures.delete(event.streamId);
    for (const listener of this.#listeners) listener(event);
  }

  figures(streamId: string): LiveFigures | undefined {
    return this.#figures.get(streamId);
  }

  viewers(): { readonly hls: number; readonly whep: number } {
    return { hls: 4, whep: 1 };
  }

  beginAudience(): void {}

  end(): boolean {
    return false;
  }

  revoke(): void {}

  onEvent(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

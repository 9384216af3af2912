import type { LiveEvent, LiveFigures, LivePort } from '../../live-port.ts';

/** Media that does what a test says. */
export class FakeLive implements LivePort {
  readonly ended: string[] = [];
  readonly revoked: string[] = [];
  readonly audiences: string[] = [];
  readonly #listeners = new Set<(event: LiveEvent) => void>();

  figures(): LiveFigures | undefined {
    return undefined;
  }

  viewers(): { hls: number; whep: number } {
    return { hls: 0, whep: 0 };
  }

  beginAudience(streamId: string): void {
    this.audiences.push(streamId);
  }

  end(streamId: string): boolean {
    this.ended.push(streamId);
    return true;
  }

  revoke(keyId: string): void {
    this.revoked.push(keyId);
  }

  onEvent(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Tells the listeners. */
  tell(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** A publisher comes in. */
  connect(streamId: string, keyId: string): void {
    this.tell({ type: 'publisher-connected', streamId, protocol: 'rtmp', keyId });
  }
}

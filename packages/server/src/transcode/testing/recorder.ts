import type { AccessUnit } from '../../stream/access-unit.ts';
import type { VideoTrack } from '../../stream/track.ts';
import type { TranscodeExit, TranscodeProgress, TranscodeSessionListener } from '../transcode-session.ts';

/** Keeps what a session delivers. */
export class SessionRecorder implements TranscodeSessionListener {
  readonly tracks = new Map<string, VideoTrack>();
  readonly units = new Map<string, AccessUnit[]>();
  readonly progress: TranscodeProgress[] = [];
  readonly exit: Promise<TranscodeExit>;
  readonly onExit: (exit: TranscodeExit) => void;

  constructor() {
    const exited = Promise.withResolvers<TranscodeExit>();
    this.exit = exited.promise;
    this.onExit = exited.resolve;
  }

  onTrack(rungId: string, track: VideoTrack): void {
    this.tracks.set(rungId, track);
  }

  onUnit(rungId: string, unit: AccessUnit): void {
    const units = this.units.get(rungId);
    if (units === undefined) this.units.set(rungId, [unit]);
    else units.push(unit);
  }

  onProgress(progress: TranscodeProgress): void {
    this.progress.push(progress);
  }

  /** Units of a rung so far. */
  of(rungId: string): readonly AccessUnit[] {
    return this.units.get(rungId) ?? [];
  }
}

/** Waits until `condition` holds; throws with `what` after `timeoutMs`, 8 s by default. */
export async function until(what: string, condition: () => boolean, timeoutMs = 8000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

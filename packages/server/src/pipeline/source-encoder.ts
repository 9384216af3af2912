import type { LivePresentation } from '../packager/live-presentation.ts';
import type { Logger } from '../platform/logger.ts';
import type { AccessUnit } from '../stream/access-unit.ts';
import type { PictureLimits } from '../stream/stream-limits.ts';
import type { VideoTrack } from '../stream/track.ts';
import type { RungSink } from './rung-board.ts';

/** After the last picture an encoder gets this long, in milliseconds, to deliver what it holds. */
export const FLUSH_MS = 300;

/** Everything that is encoded of one source: fed with its pictures, feeds the presentation's renditions. */
export interface SourceEncoder {
  /** Takes a source picture on the stream's clock, before the packager does. */
  write(unit: AccessUnit): void;
  /** True when it goes on with these new parameters of the source without any change for viewers; false: it must be replaced. */
  adapt(track: VideoTrack): boolean;
  /** No more pictures: what is in the encoder still comes out for `FLUSH_MS`, then it goes. */
  end(): void;
  /** Stops at once. */
  close(): void;
  /** Encoded seconds per second, lately; undefined while nothing is encoded. */
  readonly speed?: number | undefined;
  dump(): object;
}

/** Makes the encoder of a source, or undefined when it is served as it is. */
export type SourceEncoderFactory = (options: {
  readonly streamId: string;
  readonly source: VideoTrack;
  readonly presentation: LivePresentation;
  /** What viewers may get: a source above it is encoded. */
  readonly limits: PictureLimits;
  /** The source's pictures since its last keyframe. */
  readonly gop: () => readonly AccessUnit[];
  /** True when the publisher is asked for a keyframe wherever a segment is due. */
  readonly keyframesOnRequest: boolean;
  /** Gets the encoded pictures too. */
  readonly rungs: RungSink;
  /** Runs a step whose failure may end this stream only. */
  readonly contain: (step: () => void) => void;
  readonly log: Logger;
}) => SourceEncoder | undefined;

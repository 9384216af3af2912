import type { Config } from '../config/config.ts';
import type { HttpRequest } from '../http/http-request.ts';
import type { KeyFailures } from '../ingest/key-failures.ts';
import type { ViewerAuthorizer } from '../packager/presentation.ts';
import type { LiveSessions } from '../pipeline/live-sessions.ts';
import type { CountViewers } from '../pipeline/media-port.ts';
import type { Clock } from '../platform/clock.ts';
import type { Lifecycle } from '../platform/lifecycle.ts';
import type { Logger } from '../platform/logger.ts';
import type { PublishAuthorizer } from '../stream/publisher.ts';
import type { AudioEncoderServices } from '../transcode/audio/audio-encoder.ts';
import type { ControlPlane } from './control-plane.ts';

/** What the parts of one server share. */
export interface ServerParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly lifecycle: Lifecycle;
  readonly encoding: AudioEncoderServices;
  readonly sessions: LiveSessions;
  /** Absent where `ROLE` is `media`. */
  readonly control: ControlPlane | undefined;
  /** Who watches by which protocol: filled in when the web server is built. */
  readonly viewers: { hls: CountViewers; whep: CountViewers };
  readonly authorizer: PublishAuthorizer;
  readonly viewerAuthorizer: ViewerAuthorizer;
  /** Shared by all protocols: a guesser must not find a second door. */
  readonly keyFailures: KeyFailures;
  /** The client's address as limits count it. */
  readonly clientAddress: (request: Pick<HttpRequest, 'headers' | 'socket'>) => string;
}

/** Without a control plane everybody may watch. */
export const everybodyMayWatch: ViewerAuthorizer = { authorize: () => 'public' };

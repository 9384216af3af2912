import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Origin } from '../../origin/origin.ts';
import { defaultPackagerOptions } from '../../packager/packager-options.ts';
import { ChildProcesses } from '../../platform/child-process.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { PublisherSink } from '../../stream/publisher.ts';
import type { StreamLimits } from '../../stream/stream-limits.ts';
import { TranscodeBudget } from '../../transcode/budget.ts';
import { Ffmpeg } from '../../transcode/ffmpeg/installation.ts';
import type { LadderStep } from '../../transcode/ladder.ts';
import { LadderEncoder } from '../ladder-encoder.ts';
import { LiveSessions } from '../live-sessions.ts';

/** A line of the log. */
export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: object;
}

/** The server from publishers to playlists, without any protocol of publishers: tests write access units. */
export class PipelineServer {
  readonly children = new ChildProcesses();
  readonly log: LogLine[] = [];
  readonly ffmpeg: Ffmpeg;
  readonly sessions: LiveSessions;
  readonly #origin: Origin;
  readonly #server: Server;
  keyframesAsked = 0;

  private constructor(steps: readonly LadderStep[]) {
    const log = this.#logger({});
    this.ffmpeg = new Ffmpeg({}, log);
    const services = { ffmpeg: this.ffmpeg, children: this.children, clock: systemClock };
    this.sessions = new LiveSessions({
      options: {
        packager: defaultPackagerOptions,
        reconnectWindowMs: 30_000,
        trackSilenceMs: 250,
        secondTrackWaitMs: 300,
        takeoverSilenceMs: 1500,
      },
      clock: systemClock,
      log,
      spool: undefined,
      audio: services,
      encoderFor: (options) =>
        new LadderEncoder(options, {
          ...services,
          // More than the machine has: no rung is shed.
          budget: new TranscodeBudget({ cores: 16 }),
          cores: 2,
          steps,
        }),
    });
    this.#origin = new Origin({
      directory: this.sessions,
      authorizer: { authorize: () => 'public' },
      clock: systemClock,
      log,
    });
    this.#server = createServer((incoming, response) => {
      if (!this.#origin.handle(incoming, response)) response.writeHead(404).end();
    });
  }

  /** Starts listening, when FFmpeg is found. */
  static async start(options: { readonly steps: readonly LadderStep[] }): Promise<PipelineServer> {
    const server = new PipelineServer(options.steps);
    await server.ffmpeg.installation();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  /** URL of a stream's multivariant playlist. */
  url(streamId: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hls/${streamId}/index.m3u8`;
  }

  /** Publishes as a WHIP session does. */
  publish(streamId: string, settings: StreamLimits = {}): PublisherSink {
    return this.sessions.publish({
      streamId,
      ...settings,
      keyId: 'test',
      protocol: 'whip',
      peer: 'test',
      silentForMs: () => 0,
      evict: () => {},
      requestKeyframe: () => {
        this.keyframesAsked += 1;
      },
    });
  }

  /** Stops everything and waits for the encoders' ends. */
  async close(): Promise<void> {
    this.sessions.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await this.children.close();
  }

  #logger(bound: object): Logger {
    const at = (level: string) => (fields: object, event: string) => {
      this.log.push({ level, event, fields: { ...bound, ...fields } });
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (fields) => this.#logger({ ...bound, ...fields }),
    };
  }
}

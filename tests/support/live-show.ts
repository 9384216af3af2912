import { FfmpegPublisher, patternArgs } from './publisher.ts';
import { Tallylight } from './tallylight.ts';
import { waitFor } from './wait-for.ts';

/** The tone comes from the right only, so that two channels can be told from one. */
const RIGHT_ONLY = ['-af', 'pan=stereo|c0=0*c0|c1=c0'];

/** A server with a live stream `show`, published over RTMP as OBS would with B-frames off. */
export class LiveShow {
  readonly server: Tallylight;
  readonly #key: string;
  #publisher: FfmpegPublisher;

  private constructor(server: Tallylight, key: string, bFrames: number) {
    this.server = server;
    this.#key = key;
    this.#publisher = this.#publish(bFrames);
  }

  /** Starts both and waits for the playlist. More than 0 `bFrames` make the picture one that WebRTC cannot show. */
  static async start(env: Readonly<Record<string, string>> = {}, bFrames = 0): Promise<LiveShow> {
    const server = await Tallylight.start({ env: { LADDER: '240p:300k', ...env } });
    const key = await server.addKey('show');
    const show = new LiveShow(server, key, bFrames);
    await waitFor('the stream', async () => (await fetch(server.playlistUrl('show'))).ok, 20_000);
    return show;
  }

  /** Where viewers watch. */
  get watchUrl(): string {
    return `${this.server.url}/watch/show`;
  }

  /** The process that does WebRTC now. */
  get workerPid(): number {
    const pid = this.server.log.findLast((line) => line['msg'] === 'rtc worker is up')?.['pid'];
    if (typeof pid !== 'number') throw new Error('no rtc worker in the log');
    return pid;
  }

  /** The publisher says goodbye. */
  async unpublish(): Promise<void> {
    await this.#publisher.stop();
  }

  /** The publisher comes back. */
  publishAgain(): void {
    this.#publisher = this.#publish(0);
  }

  /** The stream ends at once, without the time to reconnect. */
  async end(): Promise<void> {
    const { status } = await fetch(`${this.server.url}/api/streams/show/end`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${this.#key}` },
    });
    if (status !== 200) throw new Error(`the end was answered with ${status}`);
    await this.#publisher.stop('SIGKILL');
  }

  /** Ends publisher and server. */
  async stop(): Promise<void> {
    await this.unpublish();
    await this.server.stop();
  }

  #publish(bFrames: number): FfmpegPublisher {
    return FfmpegPublisher.start(
      patternArgs(`${this.server.rtmpUrl}/${this.#key}`, {
        size: '640x360',
        bitrate: '800k',
        seconds: 600,
        extra: ['-bf', String(bFrames), ...RIGHT_ONLY],
      }),
    );
  }
}

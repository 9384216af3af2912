import { type ClipOptions, makeClip } from './clip.ts';
import { FlvSource, isConfiguration } from './flv-source.ts';
import { httpGet } from './http-client.ts';
import { LlReader } from './ll-reader.ts';
import type { Tallylight } from './tallylight.ts';
import { waitFor } from './wait-for.ts';

/** The clip that security, fault and fuzz tests publish. */
export const BYSTANDER_CLIP: ClipOptions = { gop: 30, seconds: 60 };
/** A viewer with so much buffer must not notice anything; both sides share the CPU with the attack. */
const BUFFER_SEC = 2;

/** An honest publisher and its viewer on a server that is being maltreated: afterwards nothing may be missing. */
export class Bystander {
  readonly streamId: string;
  readonly key: string;
  readonly reader: LlReader;
  readonly source: FlvSource;
  readonly #server: Tallylight;
  readonly #sent: { video: number; audio: number };
  readonly #watched: Promise<void>;
  #leaving = false;

  private constructor(
    server: Tallylight,
    streamId: string,
    key: string,
    source: FlvSource,
    sent: { video: number; audio: number },
  ) {
    this.#server = server;
    this.streamId = streamId;
    this.key = key;
    this.source = source;
    this.#sent = sent;
    this.reader = new LlReader(new URL('source/index.m3u8', server.playlistUrl(streamId)).href);
    this.#watched = this.#watch();
    this.#watched.catch(() => {});
  }

  /** Publishes, watches, and resolves once there is something to see. */
  static async start(server: Tallylight, streamId = 'bystander'): Promise<Bystander> {
    const key = await server.addKey(streamId);
    const sent = { video: 0, audio: 0 };
    const source = await FlvSource.start({
      port: server.rtmpPort,
      key,
      files: [await makeClip(BYSTANDER_CLIP)],
      edit: (tag) => {
        if (tag.type !== 'script' && !isConfiguration(tag)) sent[tag.type]++;
        return tag;
      },
    });
    const bystander = new Bystander(server, streamId, key, source, sent);
    await waitFor('the bystander’s media', () => bystander.reader.mediaSec > 0.5, 10_000);
    return bystander;
  }

  /** Stops publishing. Gives what went wrong for it or its viewer, in words: nothing, if all is well. */
  async leave(): Promise<string[]> {
    const complaints: string[] = [];
    this.#leaving = true;
    await this.#watched.catch((error: unknown) => complaints.push(`the viewer broke: ${String(error)}`));
    await this.source.stop();
    const left = await waitFor('the log to tell of the end', () =>
      this.#server.log.find((line) => this.#isEnd(line)),
    );
    if (left['reason'] !== 'unpublished') complaints.push(`it ended by ${String(left['reason'])}`);
    for (const [name, sent] of [
      ['videoUnits', this.#sent.video],
      ['audioUnits', this.#sent.audio],
    ] as const)
      if (left[name] !== sent) complaints.push(`${name}: sent ${sent}, arrived ${String(left[name])}`);
    if (left['droppedUnits'] !== 0) complaints.push(`${String(left['droppedUnits'])} units were dropped`);
    complaints.push(...this.reader.problems, ...this.reader.holes);
    if (this.reader.parts.some(({ discontinuity }) => discontinuity)) complaints.push('a discontinuity');
    const { stalls, stalledMs } = this.reader.playBack(BUFFER_SEC);
    if (stalls > 0) complaints.push(`${stalls} stalls, ${stalledMs} ms`);
    return complaints;
  }

  #isEnd(line: Record<string, unknown>): boolean {
    return line['msg'] === 'publisher left' && line['streamId'] === this.streamId;
  }

  async #watch(): Promise<void> {
    await waitFor('its playlist', async () => (await httpGet(this.reader.url)).status === 200);
    while (!this.#leaving) await this.reader.follow(this.reader.mediaSec + 0.5, 8000);
  }
}

import { RtmpPush } from '@tallylight/server/egress/rtmp/rtmp-push.ts';
import { parseRtmpUrl } from '@tallylight/server/egress/rtmp/rtmp-target.ts';
import { CardEncoder } from '@tallylight/server/test-card/card-encoder.ts';
import { defaultCardOptions } from '@tallylight/server/test-card/card-options.ts';

/** The test card, 720p30 with x264's zerolatency, encoded once and published to several servers. */
export class BenchCard {
  readonly #encoder: CardEncoder;
  readonly #pushes: readonly RtmpPush[];

  private constructor(encoder: CardEncoder, pushes: readonly RtmpPush[]) {
    this.#encoder = encoder;
    this.#pushes = pushes;
  }

  /** @param urls `rtmp://host:port/app/key` each. */
  static async publish(urls: readonly string[]): Promise<BenchCard> {
    const pushes = await Promise.all(urls.map((url) => RtmpPush.open(parseRtmpUrl(url))));
    const { width, height } = defaultCardOptions;
    for (const push of pushes) {
      push.describe({
        width,
        height,
        framerate: 30,
        videocodecid: 7,
        audiocodecid: 10,
        audiosamplerate: 48_000,
      });
    }
    const encoder = await CardEncoder.start(defaultCardOptions, (tag) => {
      for (const push of pushes) push.write(tag);
    });
    return new BenchCard(encoder, pushes);
  }

  async close(): Promise<void> {
    await this.#encoder.close();
    await Promise.all(this.#pushes.map((push) => push.close()));
  }
}

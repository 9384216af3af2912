import type { PlayerState } from '@tallylight/client/player/player-state.ts';
import type { BrowserContext, Page } from 'playwright-core';
import { waitFor } from './wait-for.ts';

/** Our watch page in a tab of a real browser, seen through the player's state. */
export class WatchPage {
  readonly page: Page;
  /** What the page's scripts threw. */
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', (error) => this.errors.push(error.message));
  }

  /** Opens the page and waits until the player plays. */
  static async open(context: BrowserContext, url: string): Promise<WatchPage> {
    const watch = new WatchPage(await context.newPage());
    await watch.page.goto(url);
    await watch.until('the player to play', (state) => state.status === 'playing', 20_000);
    return watch;
  }

  /** The player's state now; undefined while the page has no player. */
  state(): Promise<PlayerState | undefined> {
    return this.page.evaluate(() => {
      const { tallylight } = globalThis as { tallylight?: { player: { store: { get(): unknown } } } };
      return tallylight?.player.store.get();
    }) as Promise<PlayerState | undefined>;
  }

  /** Seconds of media that were shown so far. */
  currentTime(): Promise<number> {
    return this.page.evaluate(() => document.querySelector('video')?.currentTime ?? 0);
  }

  /** Pictures decoded so far: rises only while something is really shown. */
  decodedFrames(): Promise<number> {
    return this.page.evaluate(
      () => document.querySelector('video')?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
    );
  }

  /** Waits for a state. */
  until(what: string, accepts: (state: PlayerState) => boolean, timeoutMs = 10_000): Promise<PlayerState> {
    return waitFor(
      what,
      async () => {
        const state = await this.state();
        return state !== undefined && accepts(state) && state;
      },
      timeoutMs,
      100,
    );
  }

  /** Lets it play for a while and tells how often it stalled and how much media went by. */
  async play(seconds: number): Promise<{ stalls: number; mediaSec: number; frames: number }> {
    const before = {
      state: await this.state(),
      time: await this.currentTime(),
      frames: await this.decodedFrames(),
    };
    await this.page.waitForFunction(
      (until) => (document.querySelector('video')?.currentTime ?? 0) >= until,
      before.time + seconds,
      { timeout: (seconds + 20) * 1000, polling: 100 },
    );
    const after = await this.state();
    return {
      stalls: (after?.stallCount ?? 0) - (before.state?.stallCount ?? 0),
      mediaSec: (await this.currentTime()) - before.time,
      frames: (await this.decodedFrames()) - before.frames,
    };
  }

  /**
   * Waits until so many more pictures were decoded. For moments after which the media's own clock may jump (a publisher that came back:
   * `currentTime` of a MediaStream follows its timestamps), where `play` would end early.
   */
  async pictures(count: number, withinMs: number): Promise<void> {
    const before = await this.decodedFrames();
    const enough = async (): Promise<boolean> => (await this.decodedFrames()) - before >= count;
    await waitFor(`${count} more pictures`, enough, withinMs, 50);
  }

  /** Asks the player for a rendition, or for its own choice with `auto`. */
  async setRendition(id: string): Promise<void> {
    await this.page.evaluate((wished) => {
      const { tallylight } = globalThis as { tallylight?: { player: { setRendition(id: string): void } } };
      tallylight?.player.setRendition(wished);
    }, id);
  }
}

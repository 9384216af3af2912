import type { BroadcastState } from '@tallylight/client/broadcast/broadcast-state.ts';
import type { Page } from 'playwright-core';
import { waitFor } from './wait-for.ts';

/** Our studio in a tab of a real browser, on air. */
export class StudioPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  /** Types the key, turns the camera on and goes live, as a broadcaster does; resolves when the state is `live`. */
  static async goLive(page: Page, url: string, streamKey: string): Promise<StudioPage> {
    const studio = new StudioPage(page);
    await page.goto(`${url}/studio`);
    await page.fill('#stream-key', streamKey);
    await page.getByRole('button', { name: 'Turn on camera and microphone' }).click();
    await page.getByRole('button', { name: 'Go live' }).click();
    await waitFor(
      'the studio to be on air',
      async () => {
        const state = await studio.state();
        if (state?.error !== undefined && state.status !== 'live') throw new Error(state.error.message);
        return state?.status === 'live';
      },
      20_000,
    );
    return studio;
  }

  /** The broadcast's state now; undefined while the page has none. */
  state(): Promise<BroadcastState | undefined> {
    return this.page.evaluate(() => window.tallylightStudio?.client.store.get());
  }
}

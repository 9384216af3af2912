import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, type Seat, shows } from './seat.ts';

let desk: Desk;
let attempts = 0;

beforeAll(async () => {
  desk = await Desk.open();
});

afterAll(async () => {
  await desk?.close();
});

/** What the head of the page leaves free at its two ends, and by how much the page is wider than the window; in CSS pixels. */
async function measure({ page }: Seat): Promise<{ start: number; end: number; tooWide: number }> {
  return page.evaluate(() => {
    const boxes = [...document.querySelectorAll('.top > *')]
      .map((each) => each.getBoundingClientRect())
      .filter(({ width }) => width > 0);
    const { clientWidth, scrollWidth } = document.documentElement;
    return {
      start: Math.min(...boxes.map(({ left }) => left)),
      end: clientWidth - Math.max(...boxes.map(({ right }) => right)),
      tooWide: scrollWidth - clientWidth,
    };
  });
}

test.each([1280, 360])(
  'at %i px the head has the logo at one end and the buttons at the other',
  async (width) => {
    const [seat, guest] = [await desk.sitDown(), await desk.sitDown()];
    // Another name each time, for a second try finds the first one's account.
    attempts += 1;
    await seat.signUp(`Anna${attempts}`, '/streams');
    for (const [who, word] of [
      [guest, 'Sign in'],
      [seat, 'Sign out'],
    ] as const) {
      await who.page.setViewportSize({ width, height: 740 });
      for (const path of ['/', '/studio', '/watch/x', '/account', '/streams']) {
        await who.goTo(path);
        await shows(who.page.locator('.top'), word);
        await who.page.waitForSelector('main > *');
        // Styles and what the page knows of its visitor may come after the first words.
        await expect
          .poll(async () => {
            const { start, end, tooWide } = await measure(who);
            return [path, start <= 16, end <= 16, tooWide <= 0];
          })
          .toEqual([path, true, true, true]);
      }
    }
  },
);

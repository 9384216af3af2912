import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, shows } from './seat.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await Desk.open();
});

afterAll(async () => {
  await desk?.close();
});

test('a planned stream counts down, can be put in a calendar, reminds, and plays by itself', async () => {
  const [owner, viewer] = [await desk.sitDown(), await desk.sitDown()];
  await owner.signUp('Anna', '/streams');
  const startsAt = new Date(Date.now() + 50_000);
  const { id, streamKey } = await owner.stream({ title: 'Soon', scheduledAt: startsAt.toISOString() });
  await owner.page.evaluate(async (path) => {
    const canvas = new OffscreenCanvas(640, 360);
    const ink = canvas.getContext('2d');
    ink?.fillRect(0, 0, 640, 360);
    const picture = await canvas.convertToBlob({ type: 'image/png' });
    await fetch(path, { method: 'PUT', body: picture });
  }, `/api/streams/${id}/thumbnail`);
  const { page } = viewer;
  const stage = page.locator('.coming');
  await viewer.goTo(`/watch/${id}`);
  await shows(stage.locator('h1'), 'Soon');
  await stage.locator('.coming-picture').waitFor();

  // In the viewer's own time zone, to the second.
  const clock = startsAt.toLocaleTimeString('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'short' });
  await shows(stage.locator('p'), new RegExp(`Starts .*${clock} (CET|CEST|GMT\\+\\d), in \\d+ s\\.`));
  const before = await stage.locator('p').first().textContent();
  await expect.poll(() => stage.locator('p').first().textContent()).not.toBe(before);

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    stage.getByRole('link', { name: 'Add to calendar' }).click(),
  ]);
  const calendar = await readFile(await download.path(), 'utf8');
  expect(calendar).toContain('BEGIN:VEVENT');
  expect(calendar).toContain('SUMMARY:Soon');

  await stage.getByRole('link', { name: 'Sign in to be reminded' }).click();
  await viewer.signUp('Bob', `/watch/${id}`);
  await stage.getByRole('button', { name: 'Remind me' }).click();
  await shows(stage, 'You are reminded 10 min before.');
  await page.reload();
  await stage.getByRole('button', { name: 'Do not remind me' }).click();
  await stage.getByRole('button', { name: 'Remind me', exact: true }).waitFor();

  desk.publish(streamKey);
  await viewer.plays();
  await shows(page.locator('.about h1'), 'Soon');
  await shows(page.locator('.channel-bar'), 'The channel');
  await page.locator('.chat').waitFor();
  expect([...owner.trouble, ...viewer.trouble]).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, shows } from './seat.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await Desk.open();
});

afterAll(async () => {
  await desk?.close();
});

test('a stream is made, changed, given a picture and another key, and deleted on the streams page', async () => {
  const seat = await desk.sitDown();
  const { page } = seat;
  const { password } = await seat.signUp('Anna', '/streams');
  await shows(page.locator('.streams-page'), 'None yet.');

  const make = page.locator('.panel', { hasText: 'A new stream' });
  await make.getByLabel('Title').fill('Friday');
  await make.locator('summary').click();
  await make.getByLabel('Description').fill('Two hours of music');
  await make.getByLabel('Starts').fill('2030-05-04T18:30');
  await make.getByLabel('Who may watch').selectOption('Unlisted: who has the link');
  await make.getByLabel('Tags').fill('music, live, music');
  await make.getByLabel('Language').selectOption('German');
  await make.getByLabel('Who may chat').selectOption('Followers');
  await make.getByLabel('Slow mode').selectOption('Every 10 s');
  await make.getByLabel('Questions').click();
  await make.getByRole('button', { name: 'Make a stream' }).click();
  const line = page.locator('.own-streams > li');
  await shows(line, /ScheduledFriday.*Unlisted/);
  const id = (await line.getByRole('link').getAttribute('href'))?.split('/').at(-1) ?? '';
  const stored = (): Promise<Record<string, unknown>> => seat.call('GET', `/api/streams/${id}`);
  expect(await stored()).toMatchObject({
    title: 'Friday',
    description: 'Two hours of music',
    scheduledAt: '2030-05-04T16:30:00.000Z',
    visibility: 'unlisted',
    tags: ['music', 'live'],
    language: 'de',
    chatMode: 'followers',
    slowModeSeconds: 10,
    enableQa: false,
  });

  await line.getByRole('button', { name: 'Settings' }).click();
  await line.getByLabel('Title').fill('Saturday');
  await line.getByLabel('Starts').fill('');
  await line.getByLabel('Description').fill('');
  await line.getByRole('button', { name: 'Save' }).click();
  await shows(line, 'Saved.');
  await shows(line, 'Not live');
  const changed = await stored();
  expect(changed).toMatchObject({ title: 'Saturday', status: 'preparing', tags: ['music', 'live'] });
  expect([changed['description'], changed['scheduledAt']]).toEqual([undefined, undefined]);

  const picture = line.locator('.thumbnail');
  await picture
    .locator('input')
    .setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('no') });
  await shows(picture.locator('.warning'), 'Only JPEG, PNG and WebP');
  const buffer = await page.screenshot();
  await picture.locator('input').setInputFiles({ name: 'a.png', mimeType: 'image/png', buffer });
  await expect
    .poll(() => picture.locator('img').evaluate((img: HTMLImageElement) => img.naturalWidth))
    .toBe(1280);
  await picture.getByRole('button', { name: 'Remove the picture' }).click();
  await shows(picture, 'No picture yet.');

  // As when the last proof is older than five minutes; what is typed then goes to the server.
  const old = { error: 'old', code: 'STEP_UP_REQUIRED', message: 'type the password again' };
  await page.route('**/api/streams/*/key', (route) => route.fulfill({ status: 401, json: old }), {
    times: 1,
  });
  await line.getByRole('button', { name: 'Show key' }).click();
  await line.getByLabel('Your password once more').fill('wrong');
  await line.getByRole('button', { name: 'Continue' }).click();
  await shows(line.locator('.more .warning'), 'The password is wrong.');
  await line.getByLabel('Your password once more').fill(password);
  await line.getByRole('button', { name: 'Continue' }).click();
  const key = line.locator('.secret code').nth(1);
  const first = await key.innerText();
  await line.getByRole('button', { name: 'Copy stream key' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(first);
  await line.getByRole('button', { name: 'New key' }).click();
  await line.getByRole('button', { name: 'Make new key' }).click();
  await expect.poll(() => key.innerText()).toMatch(/^live_/);
  expect(await key.innerText()).not.toBe(first);
  await line.getByRole('button', { name: 'Revoke key' }).click();
  await line.getByRole('button', { name: 'Revoke it' }).click();
  await shows(line, 'This stream has no key');
  await line.getByRole('button', { name: 'Make a key' }).click();
  await key.waitFor();

  await line.getByRole('button', { name: 'Delete', exact: true }).click();
  await line.getByRole('button', { name: 'Delete stream' }).click();
  await shows(page.locator('.streams-page'), 'None yet.');
  expect(await line.count()).toBe(0);
  expect(seat.trouble).toEqual([]);
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, shows } from './seat.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await Desk.open();
});

afterAll(async () => {
  await desk?.close();
});

test('a viewer follows a channel from its watch page, by way of the sign-in page and back, and says what to hear', async () => {
  const [owner, viewer] = [await desk.sitDown(), await desk.sitDown()];
  await owner.signUp('Anna', '/streams');
  const { id, streamKey } = await owner.stream();
  desk.publish(streamKey);
  const { page } = viewer;
  const bar = page.locator('.channel-bar');
  await viewer.goTo(`/watch/${id}`);
  await shows(bar, 'The channel');
  await shows(bar, '0 followers');
  await viewer.plays();
  await bar.getByRole('link', { name: 'Sign in to follow' }).click();
  await viewer.signUp('Bob', `/watch/${id}`);

  const follow = bar.getByRole('button', { name: 'Follow The channel' });
  const notifications = bar.getByRole('button', { name: 'Notifications' });
  expect(await notifications.isVisible()).toBe(false);
  await follow.click();
  await shows(follow, 'Following');
  await shows(bar, '1 follower');
  await notifications.click();
  await bar.getByRole('switch', { name: 'By mail too' }).click();
  await shows(bar.locator('.bell'), 'Saved.');
  await bar.getByLabel('Remind me of every planned stream').selectOption('1 h before');

  const kept = async (): Promise<unknown> => {
    const channel = await viewer.call('GET', `/api/streams/${id}`);
    return viewer.call('GET', `/api/channels/${String(channel['channelId'])}/notifications`);
  };
  await expect.poll(kept).toMatchObject({ onLive: true, byMail: true, reminderMinutes: 60 });

  // What a follower is told stands at the foot of the page until it is dismissed.
  await owner.call('POST', '/api/streams', {
    channelId: (await viewer.call('GET', `/api/streams/${id}`))['channelId'],
    title: 'Another one',
    scheduledAt: '2030-05-04T16:30:00.000Z',
  });
  const told = async (): Promise<unknown> => (await viewer.call('GET', '/api/notifications'))['unread'];
  await expect.poll(told, { timeout: 5000 }).toBe(1);
  await page.reload();
  const news = page.locator('.notices li');
  await shows(news, 'The channel plans Another one, Sat');
  await news.getByRole('button', { name: 'Dismiss' }).click();
  await expect.poll(told, { timeout: 5000 }).toBe(0);
  await shows(follow, 'Following');
  await notifications.click();
  expect(await bar.getByRole('switch', { name: 'By mail too' }).isChecked()).toBe(true);
  await follow.click();
  await shows(follow, /^Follow$/);
  await shows(bar, '0 followers');
  await notifications.waitFor({ state: 'hidden' });

  await owner.goTo(`/watch/${id}`);
  await shows(owner.page.locator('.channel-bar'), '0 followers');
  expect(await owner.page.locator('.channel-bar').getByRole('button').count()).toBe(0);
  expect([...owner.trouble, ...viewer.trouble]).toEqual([]);
});

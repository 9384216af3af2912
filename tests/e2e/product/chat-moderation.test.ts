import { afterAll, beforeAll, expect, test } from 'vitest';
import { Desk, type Seat, shows } from './seat.ts';

let desk: Desk;

beforeAll(async () => {
  desk = await Desk.open();
});

afterAll(async () => {
  await desk?.close();
});

test('the owner keeps order in the chat, and who is kept quiet reads why and for how long', async () => {
  const [owner, viewer] = [await desk.sitDown(), await desk.sitDown()];
  await owner.signUp('Anna', '/streams');
  const { id, streamKey } = await owner.stream();
  desk.publish(streamKey);
  await viewer.goTo(`/sign-in?next=/watch/${id}`);
  await viewer.signUp('Bob', `/watch/${id}`);
  await owner.goTo(`/watch/${id}`);
  await viewer.writes('first');
  const notice = viewer.page.locator('.chat-notice');
  const menu = owner.page.getByRole('menu');
  const moderation = owner.page.locator('.chat-desk');

  // By keyboard alone: open, move, leave.
  const opener = lineOf(owner, 'first').getByRole('button', { name: 'Actions for the message of Bob' });
  await opener.focus();
  await owner.page.keyboard.press('Enter');
  await menu.waitFor();
  await owner.page.keyboard.press('ArrowDown');
  expect(await focused(owner)).toBe('Pin');
  await owner.page.keyboard.press('End');
  expect(await focused(owner)).toBe('Ban');
  await owner.page.keyboard.press('Escape');
  await menu.waitFor({ state: 'hidden' });
  expect(await opener.evaluate((node) => node === document.activeElement)).toBe(true);

  await act(owner, 'first', 'Pin');
  await shows(viewer.page.locator('.chat-pinned'), 'first');
  await act(owner, 'first', 'Unpin');
  await viewer.page.locator('.chat-pinned').waitFor({ state: 'hidden' });

  await act(owner, 'first', 'Time out 1 min');
  await shows(notice, /You can chat again in (1 min|\d+ s)\./);
  await viewer.writes('not now');
  await shows(viewer.page.locator('.chat-failed'), 'Not sent.');
  await viewer.page.getByRole('button', { name: 'Discard' }).click();
  await moderation.locator('summary').click();
  await shows(moderation, /Bob: timed out, (1 min|\d+ s) left/);
  await moderation.getByRole('button', { name: 'Lift the time-out of Bob' }).click();
  await shows(moderation, 'Nobody.');
  await shows(notice, 'You can chat again.');

  await act(owner, 'first', 'Ban');
  await shows(notice, 'You are banned from this chat. You can still watch.');
  await shows(moderation, 'Bob: banned');
  await act(owner, 'first', 'Unban');
  await shows(moderation, 'Nobody.');
  await shows(notice, 'You can chat again.');

  await moderation.getByLabel('Slow mode').selectOption('Every 30 s');
  await shows(viewer.page.locator('.chat-slow'), 'Slow mode: one message every 30 s.');
  await viewer.writes('too soon');
  await shows(notice, /Slow mode: you can send in \d+ s\./);
  const before = await notice.textContent();
  await expect.poll(() => notice.textContent(), { timeout: 5000 }).not.toBe(before);

  await moderation.getByLabel('Who may chat').selectOption('Followers');
  await shows(viewer.page.locator('.chat-slow'), 'Only followers can chat.');
  await moderation.getByLabel('Who may chat').selectOption('Nobody: chat is off');
  await shows(viewer.page.locator('.chat-slow'), 'Chat is off.');

  // Of one's own messages one may delete.
  await lineOf(viewer, 'first').getByRole('button', { name: 'Actions' }).click();
  expect(await viewer.page.getByRole('menuitem').allTextContents()).toEqual(['Delete']);
  await viewer.page.getByRole('menuitem', { name: 'Delete' }).click();
  await lineOf(owner, 'first').waitFor({ state: 'detached' });
  expect([...owner.trouble, ...viewer.trouble]).toEqual([]);
});

function lineOf({ page }: Seat, text: string) {
  return page.locator('.chat-list .chat-message', { hasText: text });
}

async function act(seat: Seat, text: string, action: string): Promise<void> {
  await lineOf(seat, text).getByRole('button', { name: 'Actions' }).click();
  await seat.page.getByRole('menuitem', { name: action, exact: true }).click();
}

async function focused({ page }: Seat): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.textContent ?? null);
}

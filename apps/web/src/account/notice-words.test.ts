import { expect, test } from 'vitest';
import { noticeWords } from './notice-words.ts';

const told = { streamTitle: 'Friday', channelName: 'Music', scheduledAt: '2030-05-04T16:30:00.000Z' };

test.each([
  [{ ...told, kind: 'live' }, 'Music is live: Friday'],
  [{ ...told, kind: 'scheduled' }, 'Music plans Friday, at six'],
  [{ ...told, kind: 'reminder' }, 'Friday of Music starts at six'],
  [{ ...told, kind: 'reminder', scheduledAt: undefined }, 'Friday of Music starts soon'],
] as const)('%j is told as "%s"', (notification, words) => {
  const { scheduledAt, ...rest } = notification;
  const given = scheduledAt === undefined ? rest : { ...rest, scheduledAt };
  expect(noticeWords(given, () => 'at six')).toBe(words);
});

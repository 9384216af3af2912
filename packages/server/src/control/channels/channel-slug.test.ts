import { channelSlug } from '@tallylight/protocol/entities/channel.ts';
import { expect, test } from 'vitest';
import { slugOf } from './channel-slug.ts';

test.each([
  ['Café — Live!', 'cafe-live'],
  ['  UPPER lower 42 ', 'upper-lower-42'],
  ['日本', 'channel'],
  ['ab', 'channel'],
  ['x'.repeat(100), 'x'.repeat(50)],
  ['0192f0c1-0000-7000-8000-000000000001', 'channel'],
])('%j becomes %s', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
  expect(channelSlug.safeParse(slug).success).toBe(true);
});

test.each(['ab', 'a'.repeat(65), '-abc', 'abc-', 'Abc', 'a_c', '0192f0c1-0000-7000-8000-000000000001'])(
  '%s is no slug',
  (slug) => {
    expect(channelSlug.safeParse(slug).success).toBe(false);
  },
);
test.each(['abc', 'a'.repeat(64), '4-4'])('%s is one', (slug) => {
  expect(channelSlug.safeParse(slug).success).toBe(true);
});
